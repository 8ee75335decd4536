// The command loop of a benchmark worker, for the SDK and the generated client.
import kotlin.coroutines.CoroutineContext
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking

/**
 * Runs [work] for each command of `benches/worker.py`: a line with the work, the number of concurrent calls and the number of all
 * calls. Prints the duration in nanoseconds. Concurrent calls are coroutines in the [context].
 */
fun serve(context: CoroutineContext, work: suspend (String) -> Unit) = runBlocking {
    for (line in generateSequence(::readLine)) {
        val (kind, wide, count) = line.split(" ")
        val lanes = wide.toInt()
        val each = (count.toInt() + lanes - 1) / lanes
        val began = System.nanoTime()
        if (lanes == 1) {
            repeat(each) { work(kind) }
        } else {
            coroutineScope { repeat(lanes) { launch(context) { repeat(each) { work(kind) } } } }
        }
        println(System.nanoTime() - began)
    }
}
