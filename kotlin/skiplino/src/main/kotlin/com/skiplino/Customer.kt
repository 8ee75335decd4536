// Customer records and requests.
package com.skiplino

import com.skiplino.internal.NativeCustomer
import com.skiplino.internal.NativeCustomerFields
import com.skiplino.internal.NativeCustomerRef
import java.time.Instant

/** Identifies a customer by the server's id or by your external id. */
public sealed class CustomerRef {
    internal abstract fun toNative(): NativeCustomerRef

    /** By the server's id (`_id`). */
    public data class Id(
        /** The server's id. */
        public val id: String,
    ) : CustomerRef() {
        override fun toNative() = NativeCustomerRef.Id(id)
    }

    /** By the external id, which you chose. */
    public data class ExternalId(
        /** The external id. */
        public val id: String,
    ) : CustomerRef() {
        override fun toNative() = NativeCustomerRef.ExternalId(id)
    }
}

/** A record of the customer directory. */
public data class Customer(
    /** The server's id (`_id`). */
    public val id: String,
    /** The external id, which you chose; unique in the company. */
    public val externalId: String?,
    /** The id of the company that owns the record. */
    public val companyId: String,
    /** The customer's name. */
    public val name: String?,
    /** The customer's e-mail address. */
    public val email: String?,
    /** The customer's mobile number. */
    public val mobile: String?,
    /** Custom data, a JSON object. */
    public val metadata: JsonValue?,
    /** When the record was created. */
    public val createdAt: Instant,
    /** When the record was last changed. */
    public val updatedAt: Instant,
) {
    /** Identifies this customer in operations. */
    public val ref: CustomerRef get() = CustomerRef.Id(id)

    /** Omits personal data, which must not reach a log. */
    override fun toString(): String = "Customer(id=$id)"
}

/** A new customer. All fields are optional; empty fields are not stored. */
public data class CustomerWriteRequest @JvmOverloads constructor(
    /**
     * The external id, which you choose; unique in the company. Recommended: with it, a retry
     * cannot create a second customer.
     */
    public val externalId: String? = null,
    /** The customer's name. */
    public val name: String? = null,
    /** The customer's e-mail address. */
    public val email: String? = null,
    /** The customer's mobile number. */
    public val mobile: String? = null,
    /** Custom data, a JSON object. */
    public val metadata: JsonValue? = null,
) {
    internal fun toFields() = NativeCustomerFields(name, email, mobile, metadata?.toString())

    /** Omits personal data, which must not reach a log. */
    override fun toString(): String = "CustomerWriteRequest(externalId=$externalId)"
}

/** An update of a customer. Fields that are null keep their values. */
public data class CustomerUpdateRequest @JvmOverloads constructor(
    /** The customer to update. */
    public val customer: CustomerRef,
    /** The customer's name. */
    public val name: String? = null,
    /** The customer's e-mail address. */
    public val email: String? = null,
    /** The customer's mobile number. */
    public val mobile: String? = null,
    /** Custom data, a JSON object. It replaces the stored object as a whole. */
    public val metadata: JsonValue? = null,
    /** A new `externalId`; needs a [customer] that is identified by the server's id. */
    public val newExternalId: String? = null,
) {
    internal fun toFields() = NativeCustomerFields(name, email, mobile, metadata?.toString())

    /** Omits personal data, which must not reach a log. */
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
