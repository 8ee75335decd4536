/** One implementation of some work. The first contestant of a race is ours; [goal] is the ratio of speeds to reach. */
class Contestant(val name: String, val goal: Double? = null, val run: suspend (Int) -> Unit)

private val ROUNDS = System.getenv("SKIPLINO_BENCH_ROUNDS")?.toInt() ?: 7
private const val TURN = 400_000_000L
private const val WARM_UP = 4_000_000_000L

/**
 * Lets the contestants take turns on a warm JVM. Prints a row for each contestant except ours, or for ours if it is alone: the
 * median rates, and the median of their ratio in each round.
 */
suspend fun race(work: String, vararg contestants: Contestant) {
    val counts = contestants.map { contestant ->
        val began = System.nanoTime()
        var rate = 0.0
        while (System.nanoTime() - began < WARM_UP) rate = 640 / timed { contestant.run(640) }
        maxOf(64, (rate * TURN).toInt())
    }
    val seconds = List(contestants.size) { ArrayList<Double>() }
    repeat(ROUNDS) {
        contestants.forEachIndexed { index, contestant ->
            seconds[index] += timed { contestant.run(counts[index]) } / counts[index]
        }
    }
    if (contestants.size == 1) row(work, "/s", 1e9 / median(seconds[0]), null)
    contestants.drop(1).forEachIndexed { index, contestant ->
        val theirs = seconds[index + 1]
        row(
            work, "/s", 1e9 / median(seconds[0]), contestant.goal,
            "name" to contestants[0].name,
            "peer" to contestant.name,
            "theirs" to 1e9 / median(theirs),
            "ratio" to median(theirs.zip(seconds[0]) { their, our -> their / our }),
        )
    }
}

/** Prints the duration of some work in microseconds, which must be at most [goal]. */
suspend fun limit(work: String, goal: Double, run: suspend () -> Unit) {
    repeat(20_000) { run() }
    row(work, "µs", median(List(15) { timed { repeat(2_000) { run() } } / 2_000 / 1e3 }), goal)
}

/** Prints a row of the table that `table.py` builds. */
fun row(work: String, unit: String, ours: Double, goal: Double?, vararg more: Pair<String, Any>) {
    val fields = listOf("host" to "Kotlin", "work" to work, "unit" to unit, "ours" to ours, "goal" to goal) + more
    println(fields.joinToString(", ", "{", "}") { (name, value) -> "\"$name\": " + if (value is String) "\"$value\"" else value })
}

private suspend inline fun timed(work: suspend () -> Unit): Double {
    val began = System.nanoTime()
    work()
    return (System.nanoTime() - began).toDouble()
}

private fun median(values: List<Double>) = values.sorted()[values.size / 2]
