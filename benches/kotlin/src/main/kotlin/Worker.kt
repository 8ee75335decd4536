// The benchmark workers of the Kotlin SDK and of OkHttp.
import com.skiplino.BookTicketRequest
import com.skiplino.CustomerRef
import com.skiplino.SkiplinoClient
import java.io.File
import kotlinx.coroutines.Dispatchers

/** `Worker BASE_URL`: a process with one client, which runs commands. */
object Worker {
    @JvmStatic
    fun main(arguments: Array<String>) {
        fun open() = SkiplinoClient("sk_bench") {
            baseUrl = arguments[0]
            rootCertificates = System.getenv("SSL_CERT_FILE")?.let { File(it).readText() }
        }
        var client = open()
        serve(Dispatchers.Default) { work ->
            when (work) {
                "new" -> client.close().also { client = open() }
                "warm-up" -> client.warmUp()
                "ticket" -> check(client.tickets.get(TICKET).queueSize == 6)
                "book" -> check(client.tickets.book(BookTicketRequest.walkIn(SERVICE, GROUP, CustomerRef.Id(CUSTOMER))).queueSize == 6)
                "page" -> check(client.customers.list().page(1).items[99].email == "layla.hassan99@example.com")
                else -> error("no such work: $work")
            }
        }
        client.close()
    }
}

/** `OkHttpWorker BASE_URL`: the same with OkHttp. */
object OkHttpWorker {
    @JvmStatic
    fun main(arguments: Array<String>) {
        var client = OkHttp(arguments[0])
        serve(Dispatchers.Default) { work ->
            when (work) {
                "new" -> client.close().also { client = OkHttp(arguments[0]) }
                "ticket" -> check(client.ticketLater().queueSize == 6)
                "book" -> check(client.bookLater().queueSize == 6)
                else -> error("no such work: $work")
            }
        }
        client.close()
    }
}
