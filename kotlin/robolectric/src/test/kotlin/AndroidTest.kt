// The package on Android, which Robolectric simulates: Android's own classes, a main thread that
// runs by itself, and the library for this machine.
import android.os.Build
import android.os.Handler
import android.os.Looper
import com.skiplino.BookTicketRequest
import com.skiplino.GROUP
import com.skiplino.KeyClass
import com.skiplino.SERVICE
import com.skiplino.Sandbox
import com.skiplino.Skiplino
import com.skiplino.SkiplinoException
import com.sun.jna.NativeLibrary
import java.util.concurrent.Callable
import java.util.concurrent.CompletableFuture
import java.util.concurrent.FutureTask
import java.util.concurrent.TimeUnit
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.cancel
import kotlinx.coroutines.future.future
import org.junit.AfterClass
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertSame
import org.junit.Assert.assertThrows
import org.junit.Before
import org.junit.BeforeClass
import org.junit.FixMethodOrder
import org.junit.Test
import org.junit.runner.RunWith
import org.junit.runners.MethodSorters
import org.robolectric.RobolectricTestRunner
import org.robolectric.annotation.Config
import org.robolectric.annotation.LooperMode

@RunWith(RobolectricTestRunner::class)
@Config(sdk = [35], manifest = Config.NONE)
// The test does not run on the main thread, as on a device.
@LooperMode(LooperMode.Mode.INSTRUMENTATION_TEST)
// The library is loaded once.
@FixMethodOrder(MethodSorters.NAME_ASCENDING)
class AndroidTest {
    private val main = Handler(Looper.getMainLooper())

    @Before
    fun setUp() = sandbox.reset()

    /** Runs code on the main thread, and returns its result. Fails if the main thread is blocked. */
    private fun <T> onMain(code: () -> T): T {
        val task = FutureTask(Callable(code))
        main.post(task)
        return task.get(SECONDS, TimeUnit.SECONDS)
    }

    @Test
    fun `1 warm-up does not load the library on the main thread`() {
        val libraries = NativeLibrary::class.java.getDeclaredField("libraries").apply { isAccessible = true }.get(null)
        val loaded = synchronized(libraries) {
            // Nobody can load a library now.
            val loaded = onMain { Skiplino.warmUp() }
            onMain { assertFalse(loaded.isDone) }
            loaded
        }
        loaded.get(SECONDS, TimeUnit.SECONDS)
    }

    @Test
    fun `2 a secret key is rejected unless it is allowed`() {
        assertEquals(35, Build.VERSION.SDK_INT)
        val error = assertThrows(SkiplinoException.InvalidRequest::class.java) { sandbox.client(sandbox.secretKey) }
        assertEquals(setOf("apiKey"), error.fields.keys)
        sandbox.client(sandbox.publicKey).use { assertEquals(KeyClass.Public, it.keyClass) }
        sandbox.client(sandbox.secretKey) { allowSecretKeyOnDevice = true }.use { assertEquals(KeyClass.Secret, it.keyClass) }
    }

    @Test
    fun `3 a call suspends the main thread's coroutine and not the main thread`() {
        val scope = CoroutineScope(Dispatchers.Main)
        sandbox.client(sandbox.publicKey).use { client ->
            onMain { assertSame(Looper.getMainLooper(), Looper.myLooper()) }
            val hold = sandbox.hold("bookTicket")
            val booked = onMain {
                scope.future {
                    client.tickets.book(BookTicketRequest.walkIn(SERVICE, GROUP))
                    Looper.myLooper()
                }
            }
            sandbox.held()
            // The main thread does other work, and makes another call.
            onMain { assertFalse(booked.isDone) }
            val branches = onMain { scope.future { client.branches.list() } }
            assertEquals(2, branches.get(SECONDS, TimeUnit.SECONDS).size)
            assertFalse(booked.isDone)
            sandbox.release(hold)
            assertSame(Looper.getMainLooper(), booked.get(SECONDS, TimeUnit.SECONDS))
        }
        scope.cancel()
    }

    @Test
    fun `4 a client's warm-up and its future leave the main thread free`() {
        sandbox.client(sandbox.publicKey).use { client ->
            val hold = sandbox.hold("listBranches")
            val warm = onMain { client.warmUpAsync() }
            sandbox.held(2)
            onMain { assertFalse(warm.isDone) }
            val callback = CompletableFuture<Boolean>()
            warm.thenRun { callback.complete(Looper.myLooper() == Looper.getMainLooper()) }
            sandbox.release(hold)
            assertEquals(false, callback.get(SECONDS, TimeUnit.SECONDS))
        }
    }

    companion object {
        const val SECONDS = 60L
        lateinit var sandbox: Sandbox

        @BeforeClass
        @JvmStatic
        fun start() {
            sandbox = Sandbox()
        }

        @AfterClass
        @JvmStatic
        fun stop() = sandbox.close()
    }
}
