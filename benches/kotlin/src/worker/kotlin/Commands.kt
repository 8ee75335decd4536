import kotlin.coroutines.CoroutineContext
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking

/**
 * Does [work] on command, as `benches/worker.py` has it: a line says which, how many at a time and how many in all, and the answer how many
 * nanoseconds they took. Several at a time are coroutines in the [context].
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
