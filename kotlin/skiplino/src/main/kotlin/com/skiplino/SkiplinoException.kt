// The exceptions of this package.
package com.skiplino

import com.skiplino.internal.Failure
import com.skiplino.internal.FailureKind
import com.skiplino.internal.FailureOutcome
import com.skiplino.internal.FailureTimeout
import java.time.Duration
import kotlin.coroutines.cancellation.CancellationException

/**
 * The kind of an error. Each kind has a subclass of [SkiplinoException] with more documentation.
 */
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

/** Whether a failed call may have changed the server's state. */
public enum class Outcome {
    /**
     * The call changed nothing: the server did not receive it, rejected it, or the call only reads.
     */
    NotApplied,

    /** The write may have been applied. */
    Unknown,
}

/** Which timeout expired. */
public enum class TimeoutKind {
    /** Connecting, including TLS. */
    Connect,

    /** One attempt, until the end of its response. */
    Attempt,

    /** The whole call, including retries and pauses. */
    Call,
}

/**
 * The error of a failed call, with a subclass for each kind.
 *
 * [message] is one line. It never has a key, a query string or a customer's data.
 */
public sealed class SkiplinoException private constructor(failure: Failure) : Exception(failure.text) {
    /** The kind of the error. */
    public val kind: ErrorKind = failure.kind.toErrorKind()

    /**
     * Whether the call may have changed the server's state. Always [Outcome.NotApplied] for a read.
     */
    public val outcome: Outcome = when (failure.outcome) {
        FailureOutcome.NOT_APPLIED -> Outcome.NotApplied
        FailureOutcome.UNKNOWN -> Outcome.Unknown
    }

    /** Whether the same call may succeed later. Before retrying a write, check [outcome]. */
    public val isRetryable: Boolean = failure.retryable

    /**
     * The id of the operation, such as `bookTicket`; null if the client could not be created or is
     * closed.
     */
    public val operation: String? = failure.operation

    /** The HTTP status, even if the body is invalid; null without a response. */
    public val status: Int? = failure.status?.toInt()

    /** The `message` of the server's envelope, unchanged. */
    public val serverMessage: String? = failure.serverMessage

    /**
     * The `error` of the server's envelope if it is text (localised), or the reason found by this
     * library.
     */
    public val reason: String? = failure.reason

    /** Reasons by field, for status 422 and for invalid input. */
    public val fields: Map<String, List<String>> = failure.fields

    /** For [Decode]: the path in the JSON, such as `data[0].createdAt`. */
    public val path: String? = failure.path

    /** The server's `Retry-After`. */
    public val retryAfter: Duration? = failure.retryAfterMs?.let { Duration.ofMillis(it.toLong()) }

    /** For [Timeout]: which timeout expired. */
    public val timeout: TimeoutKind? = when (failure.timeout) {
        null -> null
        FailureTimeout.CONNECT -> TimeoutKind.Connect
        FailureTimeout.ATTEMPT -> TimeoutKind.Attempt
        FailureTimeout.CALL -> TimeoutKind.Call
    }

    /** The number of attempts; 0 if nothing was sent. */
    public val attempts: Int = failure.attempts.toInt()

    /** The input is invalid; [fields] names it. Nothing was sent. */
    public class InvalidRequest internal constructor(failure: Failure) : SkiplinoException(failure)

    /** The operation needs a secret key and the client has a public key. Nothing was sent. */
    public class SecretKeyRequired internal constructor(failure: Failure) : SkiplinoException(failure)

    /** Status 401 or 403: the key is missing, unknown or of the wrong kind. */
    public class Unauthorized internal constructor(failure: Failure) : SkiplinoException(failure)

    /** Status 400: a business rule forbids the operation; [reason] has the localised text. */
    public class Rejected internal constructor(failure: Failure) : SkiplinoException(failure)

    /** Status 404. */
    public class NotFound internal constructor(failure: Failure) : SkiplinoException(failure)

    /** Status 409: the ticket's state forbids the operation. Do not retry. */
    public class Conflict internal constructor(failure: Failure) : SkiplinoException(failure)

    /** Status 422: [fields] has the reasons by field. */
    public class Validation internal constructor(failure: Failure) : SkiplinoException(failure)

    /** Status 429: too many requests; [retryAfter] has the server's wait, if it sent one. */
    public class RateLimited internal constructor(failure: Failure) : SkiplinoException(failure)

    /** Status 5xx. */
    public class Server internal constructor(failure: Failure) : SkiplinoException(failure)

    /** Any other status, including redirects. */
    public class UnexpectedStatus internal constructor(failure: Failure) : SkiplinoException(failure)

    /**
     * The body of a successful response cannot be decoded, for example the login page of a captive
     * portal, or is about another record, or a list has fewer records than the server counts;
     * [path] has the JSON path.
     */
    public class Decode internal constructor(failure: Failure) : SkiplinoException(failure)

    /**
     * DNS, connecting or TLS failed, for example because the device is offline. Nothing was sent.
     */
    public class Connect internal constructor(failure: Failure) : SkiplinoException(failure)

    /** The connection was lost after the request was sent in part or in full. */
    public class Transport internal constructor(failure: Failure) : SkiplinoException(failure)

    /** A timeout expired; [timeout] says which. */
    public class Timeout internal constructor(failure: Failure) : SkiplinoException(failure)

    /**
     * A write may have been applied, and a lookup could not confirm or rule it out. [status] and
     * [timeout] say how the response was lost. The message says what to check before the write is
     * made again.
     */
    public class OutcomeUnknown internal constructor(failure: Failure) : SkiplinoException(failure)

    /** A write whose coroutine was cancelled: the cause of a [CallCancelledException]. */
    public class Cancelled internal constructor(failure: Failure) : SkiplinoException(failure)

    /** The client is closed, or was closed during the call. */
    public class Closed internal constructor(failure: Failure) : SkiplinoException(failure)

    /** A bug in this library. */
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

        /** An error that this package finds. */
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

        fun internal(): SkiplinoException = of(FailureKind.INTERNAL, "a bug in the client library", FailureOutcome.UNKNOWN)
    }
}

/**
 * Thrown instead of a plain [CancellationException] by a write whose coroutine was cancelled.
 * [outcome] says whether the write may have been applied; it is [Outcome.NotApplied] if nothing was
 * sent.
 */
public class CallCancelledException internal constructor(
    /** The error of the cancelled call. */
    override val cause: SkiplinoException.Cancelled,
) : CancellationException(cause.message) {
    /** Whether the write may have been applied. */
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
