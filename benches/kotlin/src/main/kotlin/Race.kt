import com.sun.management.OperatingSystemMXBean
import java.lang.management.ManagementFactory

/** A way to do some work. Whoever comes first in a race is ours; [goal] says how many times the other's speed ours has to have. */
class Contestant(val name: String, val goal: Double? = null, val run: suspend (Int) -> Unit)

private const val ROUNDS = 7
private const val TURN = 400_000_000L
private const val WARM_UP = 4_000_000_000L
private val PROCESS = ManagementFactory.getOperatingSystemMXBean() as OperatingSystemMXBean

/**
 * Lets the contestants take turns on a warm JVM, and prints the median of their rates, of the processor's time that a call takes of all
 * threads of this process, and of the ratios of their rates to ours, round by round. Whether all goals are reached.
 */
suspend fun race(work: String, vararg contestants: Contestant): Boolean {
    val counts = contestants.map { contestant ->
        val began = System.nanoTime()
        var rate = 0.0
        while (System.nanoTime() - began < WARM_UP) rate = 640 / timed { contestant.run(640) }
        maxOf(64, (rate * TURN).toInt())
    }
    val seconds = List(contestants.size) { ArrayList<Double>() }
    val busy = List(contestants.size) { ArrayList<Double>() }
    repeat(ROUNDS) {
        contestants.forEachIndexed { index, contestant ->
            val before = PROCESS.processCpuTime
            seconds[index] += timed { contestant.run(counts[index]) } / counts[index]
            busy[index] += (PROCESS.processCpuTime - before) / 1e3 / counts[index]
        }
    }
    var reached = true
    contestants.forEachIndexed { index, contestant ->
        val rate = 1e9 / median(seconds[index])
        var line = "%-28s %-24s %8.0f/s %5.1f µs busy".format(work, contestant.name, rate, median(busy[index]))
        if (index > 0) {
            val ratio = median(seconds[index].zip(seconds[0]) { theirs, ours -> theirs / ours })
            line += "   ${contestants[0].name}: %.2f ×".format(ratio)
            contestant.goal?.let { goal ->
                reached = reached && ratio >= goal
                line += " (goal $goal: ${if (ratio >= goal) "reached" else "MISSED"})"
            }
        }
        println(line)
    }
    return reached
}

/** Prints how many microseconds something takes, of which there may be [goal]. Whether it is no more. */
suspend fun limit(work: String, goal: Double, run: suspend () -> Unit): Boolean {
    repeat(20_000) { run() }
    val took = median(List(15) { timed { repeat(2_000) { run() } } / 2_000 / 1e3 })
    return within(work, took, "µs", goal)
}

/** Prints how long something took, in a unit of which there may be [goal]. Whether it is no more. */
fun within(work: String, took: Double, unit: String, goal: Double): Boolean {
    val reached = took <= goal
    println("%-28s %-24s %8.1f %s (goal %.0f: %s)".format(work, "skiplino", took, unit, goal, if (reached) "reached" else "MISSED"))
    return reached
}

private suspend inline fun timed(work: suspend () -> Unit): Double {
    val began = System.nanoTime()
    work()
    return (System.nanoTime() - began).toDouble()
}

private fun median(values: List<Double>) = values.sorted()[values.size / 2]
