package com.skiplino

import com.skiplino.internal.Failure
import com.skiplino.internal.FailureKind
import com.skiplino.internal.FailureOutcome
import com.skiplino.internal.FailureTimeout
import java.time.Duration
import kotlin.coroutines.cancellation.CancellationException

/** What went wrong, as far as a program would act on it. Each kind has a class of [SkiplinoException], which says more. */
public enum class ErrorKind {
    /** See [SkiplinoException.InvalidRequest]. */
    InvalidRequest,

    /** See [SkiplinoException.SecretKeyRequired]. */
    SecretKeyRequired,

    /** See [SkiplinoException.Unauthorized]. */
    Unauthorized,

    /** See [SkiplinoException.Rejected]. */
    Rejected,

    /** See [SkiplinoException.NotFound]. */
    NotFound,

    /** See [SkiplinoException.Conflict]. */
    Conflict,

    /** See [SkiplinoException.Validation]. */
    Validation,

    /** See [SkiplinoException.RateLimited]. */
    RateLimited,

    /** See [SkiplinoException.Server]. */
    Server,

    /** See [SkiplinoException.UnexpectedStatus]. */
    UnexpectedStatus,

    /** See [SkiplinoException.Decode]. */
    Decode,

    /** See [SkiplinoException.Connect]. */
    Connect,

    /** See [SkiplinoException.Transport]. */
    Transport,

    /** See [SkiplinoException.Timeout]. */
    Timeout,

    /** See [SkiplinoException.OutcomeUnknown]. */
    OutcomeUnknown,

    /** See [SkiplinoException.Cancelled]. */
    Cancelled,

    /** See [SkiplinoException.Closed]. */
    Closed,

    /** See [SkiplinoException.Internal]. */
    Internal,
}

/** What a failed call did to the server's state. */
public enum class Outcome {
    /** Nothing: it never arrived, was refused, or only reads. */
    NotApplied,

    /** A write that may have happened. */
    Unknown,
}

/** Which deadline passed. */
public enum class TimeoutKind {
    /** Connecting, TLS included. */
    Connect,

    /** One attempt, from its start to the end of its answer. */
    Attempt,

    /** The whole call, retries and pauses included. */
    Call,
}

/**
 * Why a call failed: a class for each kind, and what is known in all of them.
 *
 * Its [message] is one line for a person. It never holds a key, a query string or the values of a customer's record.
 */
public sealed class SkiplinoException private constructor(failure: Failure) : Exception(failure.text) {
    /** What went wrong. */
    public val kind: ErrorKind = failure.kind.toErrorKind()

    /** What it did to the server's state. Always [Outcome.NotApplied] for a read. */
    public val outcome: Outcome = when (failure.outcome) {
        FailureOutcome.NOT_APPLIED -> Outcome.NotApplied
        FailureOutcome.UNKNOWN -> Outcome.Unknown
    }

    /** Whether the same call may well succeed later. For a write look at [outcome] first. */
    public val isRetryable: Boolean = failure.retryable

    /** The operation that failed, as in `bookTicket`; null when a client could not even be built, or is closed. */
    public val operation: String? = failure.operation

    /** The HTTP status, whatever the body was; null when no answer came. */
    public val status: Int? = failure.status?.toInt()

    /** The `message` of the server's envelope, as it came. */
    public val serverMessage: String? = failure.serverMessage

    /** The `error` of the server's envelope where it is a text (localised), or what was found wrong here. */
    public val reason: String? = failure.reason

    /** Reasons by field: of a 422, and of input refused here. */
    public val fields: Map<String, List<String>> = failure.fields

    /** For [Decode]: where in the JSON, as in `data[0].createdAt`. */
    public val path: String? = failure.path

    /** How long the server asked to wait. */
    public val retryAfter: Duration? = failure.retryAfterMs?.let { Duration.ofMillis(it.toLong()) }

    /** For [Timeout]: which deadline passed. */
    public val timeout: TimeoutKind? = when (failure.timeout) {
        null -> null
        FailureTimeout.CONNECT -> TimeoutKind.Connect
        FailureTimeout.ATTEMPT -> TimeoutKind.Attempt
        FailureTimeout.CALL -> TimeoutKind.Call
    }

    /** How many attempts were made; 0 when it was refused here. */
    public val attempts: Int = failure.attempts.toInt()

    /** Refused here, before anything was sent; [fields] names the input. */
    public class InvalidRequest internal constructor(failure: Failure) : SkiplinoException(failure)

    /** The operation needs a secret key and the client holds a public one. Refused here, before anything was sent. */
    public class SecretKeyRequired internal constructor(failure: Failure) : SkiplinoException(failure)

    /** 401: the key is missing, unknown or of the wrong class. */
    public class Unauthorized internal constructor(failure: Failure) : SkiplinoException(failure)

    /** 400: a business rule forbids it; [reason] has the localised text. */
    public class Rejected internal constructor(failure: Failure) : SkiplinoException(failure)

    /** 404. */
    public class NotFound internal constructor(failure: Failure) : SkiplinoException(failure)

    /** 409: the ticket's state forbids it. Final. */
    public class Conflict internal constructor(failure: Failure) : SkiplinoException(failure)

    /** 422: [fields] has the reasons field by field. */
    public class Validation internal constructor(failure: Failure) : SkiplinoException(failure)

    /** 429: too many requests; [retryAfter] says for how long to wait, if the server did. */
    public class RateLimited internal constructor(failure: Failure) : SkiplinoException(failure)

    /** 5xx. */
    public class Server internal constructor(failure: Failure) : SkiplinoException(failure)

    /** Any other status, redirects included. */
    public class UnexpectedStatus internal constructor(failure: Failure) : SkiplinoException(failure)

    /** A success whose body cannot be read, as a hotel's login page; [path] has the JSON path. */
    public class Decode internal constructor(failure: Failure) : SkiplinoException(failure)

    /** Name look-up, connection or TLS failed: nothing was sent. What an app without a network gets. */
    public class Connect internal constructor(failure: Failure) : SkiplinoException(failure)

    /** The connection was lost after sending began. */
    public class Transport internal constructor(failure: Failure) : SkiplinoException(failure)

    /** A deadline passed; [timeout] says which. */
    public class Timeout internal constructor(failure: Failure) : SkiplinoException(failure)

    /**
     * A write that may have happened, and that could not be found out about. What lost its answer is in [status] and [timeout]; the
     * text says what was tried, and where to look before it is made again.
     */
    public class OutcomeUnknown internal constructor(failure: Failure) : SkiplinoException(failure)

    /** A write whose coroutine was cancelled: the cause of a [CallCancelledException]. */
    public class Cancelled internal constructor(failure: Failure) : SkiplinoException(failure)

    /** The client is closed, or was closed while the call was under way. */
    public class Closed internal constructor(failure: Failure) : SkiplinoException(failure)

    /** A bug of this library. */
    public class Internal internal constructor(failure: Failure) : SkiplinoException(failure)

    internal companion object {
        fun of(failure: Failure): SkiplinoException = when (failure.kind) {
            FailureKind.INVALID_REQUEST -> InvalidRequest(failure)
            FailureKind.SECRET_KEY_REQUIRED -> SecretKeyRequired(failure)
            FailureKind.UNAUTHORIZED -> Unauthorized(failure)
            FailureKind.REJECTED -> Rejected(failure)
            FailureKind.NOT_FOUND -> NotFound(failure)
            FailureKind.CONFLICT -> Conflict(failure)
            FailureKind.VALIDATION -> Validation(failure)
            FailureKind.RATE_LIMITED -> RateLimited(failure)
            FailureKind.SERVER -> Server(failure)
            FailureKind.UNEXPECTED_STATUS -> UnexpectedStatus(failure)
            FailureKind.DECODE -> Decode(failure)
            FailureKind.CONNECT -> Connect(failure)
            FailureKind.TRANSPORT -> Transport(failure)
            FailureKind.TIMEOUT -> Timeout(failure)
            FailureKind.OUTCOME_UNKNOWN -> OutcomeUnknown(failure)
            FailureKind.CANCELLED -> Cancelled(failure)
            FailureKind.CLOSED -> Closed(failure)
            FailureKind.INTERNAL -> Internal(failure)
        }

        /** One that this side of the boundary finds. */
        fun of(
            kind: FailureKind,
            text: String,
            outcome: FailureOutcome = FailureOutcome.NOT_APPLIED,
            fields: Map<String, List<String>> = emptyMap(),
            path: String? = null,
        ): SkiplinoException = of(
            Failure(
                kind = kind, outcome = outcome, retryable = false, operation = null, status = null, serverMessage = null, reason = null,
                fields = fields, path = path, retryAfterMs = null, timeout = null, attempts = 0u, text = text,
            ),
        )

        fun invalid(field: String, reason: String): SkiplinoException =
            of(FailureKind.INVALID_REQUEST, "invalid input: $field: $reason", fields = mapOf(field to listOf(reason)))

        fun closed(): SkiplinoException = of(FailureKind.CLOSED, "the client is closed")

        fun bug(): SkiplinoException = of(FailureKind.INTERNAL, "a bug in the client library", FailureOutcome.UNKNOWN)
    }
}

/**
 * Thrown in place of a plain [CancellationException] by a write whose coroutine was cancelled: [outcome] says whether it may have
 * happened. What was not sent is [Outcome.NotApplied].
 */
public class CallCancelledException internal constructor(
    /** What is known of the write. */
    override val cause: SkiplinoException.Cancelled,
) : CancellationException(cause.message) {
    /** Whether the write may have happened. */
    public val outcome: Outcome get() = cause.outcome
}

private fun FailureKind.toErrorKind(): ErrorKind = when (this) {
    FailureKind.INVALID_REQUEST -> ErrorKind.InvalidRequest
    FailureKind.SECRET_KEY_REQUIRED -> ErrorKind.SecretKeyRequired
    FailureKind.UNAUTHORIZED -> ErrorKind.Unauthorized
    FailureKind.REJECTED -> ErrorKind.Rejected
    FailureKind.NOT_FOUND -> ErrorKind.NotFound
    FailureKind.CONFLICT -> ErrorKind.Conflict
    FailureKind.VALIDATION -> ErrorKind.Validation
    FailureKind.RATE_LIMITED -> ErrorKind.RateLimited
    FailureKind.SERVER -> ErrorKind.Server
    FailureKind.UNEXPECTED_STATUS -> ErrorKind.UnexpectedStatus
    FailureKind.DECODE -> ErrorKind.Decode
    FailureKind.CONNECT -> ErrorKind.Connect
    FailureKind.TRANSPORT -> ErrorKind.Transport
    FailureKind.TIMEOUT -> ErrorKind.Timeout
    FailureKind.OUTCOME_UNKNOWN -> ErrorKind.OutcomeUnknown
    FailureKind.CANCELLED -> ErrorKind.Cancelled
    FailureKind.CLOSED -> ErrorKind.Closed
    FailureKind.INTERNAL -> ErrorKind.Internal
}
