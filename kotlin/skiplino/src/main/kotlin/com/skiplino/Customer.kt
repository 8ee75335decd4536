package com.skiplino

import com.skiplino.internal.NativeCustomer
import com.skiplino.internal.NativeCustomerFields
import com.skiplino.internal.NativeCustomerRef
import java.time.Instant

/** Whom an operation is about: exactly one of the server's id and your own. */
public sealed class CustomerRef {
    internal abstract fun toNative(): NativeCustomerRef

    /** The customer that the server knows by this id (`_id`). */
    public data class Id(
        /** The server's id. */
        public val id: String,
    ) : CustomerRef() {
        override fun toNative() = NativeCustomerRef.Id(id)
    }

    /** The customer that you know by this id. */
    public data class ExternalId(
        /** Your own id. */
        public val id: String,
    ) : CustomerRef() {
        override fun toNative() = NativeCustomerRef.ExternalId(id)
    }
}

/** A record of the customer directory. */
public data class Customer(
    /** The server's id (`_id`). */
    public val id: String,
    /** Your own id, unique in the company. */
    public val externalId: String?,
    /** The company that the record belongs to. */
    public val companyId: String,
    /** The customer's name. */
    public val name: String?,
    /** The customer's e-mail address. */
    public val email: String?,
    /** The customer's mobile number. */
    public val mobile: String?,
    /** The free object of your own. */
    public val metadata: JsonValue?,
    /** When the record was created. */
    public val createdAt: Instant,
    /** When the record was last changed. */
    public val updatedAt: Instant,
) {
    /** The customer as operations take it. */
    public val ref: CustomerRef get() = CustomerRef.Id(id)

    /** Without what is private, so that it does not end in a log. */
    override fun toString(): String = "Customer(id=$id)"
}

/** A new customer. Every field is optional; empty ones are not stored. */
public data class CustomerWriteRequest @JvmOverloads constructor(
    /** Your own id, unique in the company. Recommended: it is what keeps a second try from making a second customer. */
    public val externalId: String? = null,
    /** The customer's name. */
    public val name: String? = null,
    /** The customer's e-mail address. */
    public val email: String? = null,
    /** The customer's mobile number. */
    public val mobile: String? = null,
    /** A free object of your own. */
    public val metadata: JsonValue? = null,
) {
    internal fun toFields() = NativeCustomerFields(name, email, mobile, metadata?.toString())

    /** Without what is private, so that it does not end in a log. */
    override fun toString(): String = "CustomerWriteRequest(externalId=$externalId)"
}

/** A change to a customer. What is null stays as it is. */
public data class CustomerUpdateRequest @JvmOverloads constructor(
    /** Whom to change. */
    public val customer: CustomerRef,
    /** The customer's name. */
    public val name: String? = null,
    /** The customer's e-mail address. */
    public val email: String? = null,
    /** The customer's mobile number. */
    public val mobile: String? = null,
    /** A free object of your own. It replaces the one that is stored as a whole. */
    public val metadata: JsonValue? = null,
    /** A new `externalId`, for a record located by the server's id. */
    public val newExternalId: String? = null,
) {
    internal fun toFields() = NativeCustomerFields(name, email, mobile, metadata?.toString())

    /** Without what is private, so that it does not end in a log. */
    override fun toString(): String = "CustomerUpdateRequest(customer=$customer)"
}

internal fun NativeCustomer.toCustomer() = Customer(
    id = id,
    externalId = externalId,
    companyId = companyId,
    name = name,
    email = email,
    mobile = mobile,
    metadata = metadata?.let(JsonValue::ofServer),
    createdAt = Instant.ofEpochMilli(createdAtMs),
    updatedAt = Instant.ofEpochMilli(updatedAtMs),
)
