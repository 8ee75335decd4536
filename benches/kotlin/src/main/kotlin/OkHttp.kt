// OkHttp with kotlinx.serialization, to compare with.
import java.io.File
import java.io.IOException
import java.security.KeyStore
import java.security.cert.CertificateFactory
import java.util.concurrent.TimeUnit
import javax.net.ssl.SSLContext
import javax.net.ssl.TrustManagerFactory
import javax.net.ssl.X509TrustManager
import kotlin.coroutines.resume
import kotlin.coroutines.resumeWithException
import kotlinx.coroutines.suspendCancellableCoroutine
import kotlinx.serialization.Serializable
import kotlinx.serialization.json.Json
import okhttp3.Call
import okhttp3.Callback
import okhttp3.Dispatcher
import okhttp3.MediaType.Companion.toMediaType
import okhttp3.OkHttpClient
import okhttp3.Request
import okhttp3.RequestBody.Companion.toRequestBody
import okhttp3.Response

const val CUSTOMER = "9f2c8b7a4e1d6c3f0a5b8e2d7c4f1a9b"
const val SERVICE = "6fe8fb8b12"
const val GROUP = "7c1f9a3b2d"

/** A client written by hand with OkHttp. */
internal class OkHttp(private val base: String) {
    private val client = OkHttpClient.Builder()
        .dispatcher(Dispatcher().apply { maxRequestsPerHost = FLIGHT })
        .connectionPool(okhttp3.ConnectionPool(FLIGHT, 1, TimeUnit.MINUTES))
        .apply { authority()?.let { trusted -> sslSocketFactory(context(trusted).socketFactory, trusted) } }
        .build()
    private val request = Request.Builder().url("$base/tickets/$TICKET").header("Authorization", "Bearer pk_bench").build()
    private val json = Json { ignoreUnknownKeys = true }

    fun ticket(): Ticket = client.newCall(request).execute().use(::read)

    suspend fun ticketLater(): Ticket = later(request)

    /** A walk-in for a customer. */
    suspend fun bookLater(): Ticket {
        val booking = """{"serviceId":"$SERVICE","groupOfServiceId":"$GROUP","customerId":"$CUSTOMER"}"""
        val body = booking.toRequestBody("application/json".toMediaType())
        return later(request.newBuilder().url("$base/tickets/book").post(body).build())
    }

    private suspend fun later(request: Request): Ticket = suspendCancellableCoroutine { continuation ->
        val call = client.newCall(request)
        continuation.invokeOnCancellation { call.cancel() }
        call.enqueue(object : Callback {
            override fun onFailure(call: Call, e: IOException) = continuation.resumeWithException(e)

            override fun onResponse(call: Call, response: Response) {
                val ticket = runCatching { response.use(::read) }
                ticket.fold(continuation::resume, continuation::resumeWithException)
            }
        })
    }

    private fun read(response: Response): Ticket {
        check(response.isSuccessful)
        return json.decodeFromString<Envelope>(response.body.string()).data
    }

    fun close() {
        client.dispatcher.executorService.shutdown()
        client.connectionPool.evictAll()
    }
}

/** Trusts the certificate authority that SSL_CERT_FILE names. */
private fun authority(): X509TrustManager? {
    val file = System.getenv("SSL_CERT_FILE") ?: return null
    val certificate = File(file).inputStream().use { CertificateFactory.getInstance("X.509").generateCertificate(it) }
    val store = KeyStore.getInstance(KeyStore.getDefaultType())
    store.load(null)
    store.setCertificateEntry("authority", certificate)
    val factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm())
    factory.init(store)
    return factory.trustManagers.single() as X509TrustManager
}

private fun context(trusted: X509TrustManager) = SSLContext.getInstance("TLS").apply { init(null, arrayOf(trusted), null) }

@Serializable
internal data class Envelope(val message: String, val data: Ticket)

@Serializable
internal data class Ticket(
    val id: String,
    val ticketNumber: String,
    val status: String,
    val statusAt: String,
    val type: String,
    val time: String?,
    val branch: Named,
    val service: Named,
    val groupOfService: Named,
    val customer: Named?,
    val bookedAt: String,
    val queueSize: Int? = null,
    val waitingTime: Int? = null,
)

@Serializable
internal data class Named(val id: String, val name: String)
