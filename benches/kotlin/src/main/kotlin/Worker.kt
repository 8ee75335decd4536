// The benchmark worker of the Kotlin SDK.
import com.skiplino.SkiplinoClient
import kotlinx.coroutines.Dispatchers

/** `Worker BASE_URL`: a process with one client, which runs commands. */
object Worker {
    @JvmStatic
    fun main(arguments: Array<String>) {
        SkiplinoClient("sk_bench") { baseUrl = arguments[0] }.use { client ->
            serve(Dispatchers.Default) { work ->
                when (work) {
                    "ticket" -> check(client.tickets.get("k7m2p9x4q1").queueSize == 6)
                    "page" -> check(client.customers.list().page(1).items[99].email == "layla.hassan99@example.com")
                    else -> error("no such work: $work")
                }
            }
        }
    }
}
