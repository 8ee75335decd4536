// The benchmark worker of the client that openapi-generator generates for Kotlin.
import generated.apis.CustomersApi
import generated.apis.TicketsApi
import generated.infrastructure.ApiClient
import java.util.concurrent.TimeUnit
import kotlinx.coroutines.Dispatchers
import okhttp3.ConnectionPool
import okhttp3.OkHttpClient

/** `GeneratedWorker BASE_URL`: like `Worker`, with the Kotlin client of openapi-generator. Its calls block. */
object GeneratedWorker {
    @JvmStatic
    fun main(arguments: Array<String>) {
        ApiClient.accessToken = "sk_bench"
        // By default the client keeps 5 connections, and 64 calls in flight would close the others
        // each time.
        val okhttp = OkHttpClient.Builder().connectionPool(ConnectionPool(64, 1, TimeUnit.MINUTES)).build()
        val (tickets, customers) = TicketsApi(arguments[0], okhttp) to CustomersApi(arguments[0], okhttp)
        serve(Dispatchers.IO) { work ->
            when (work) {
                "ticket" -> check(tickets.getTicket("k7m2p9x4q1").data.queueSize == 6)
                "page" -> check(customers.listCustomers(1, 100).data[99].email == "layla.hassan99@example.com")
                else -> error("no such work: $work")
            }
        }
    }
}
