/// What the product's parts rely on from those who perform their decisions. A test can take one away, to see which
/// invariant notices; the parts themselves are the product's and are never changed.
struct Rules: Sendable {
    /// One of them. The raw value is what a printed run says.
    enum Guard: String, CaseIterable, Sendable {
        /// A reservation is answered as admitted once its row is durable.
        case rowBeforeSend
        /// A reservation that did not become durable is withdrawn.
        case withdrawal
        /// Nothing is sent with another key before the ledger names it.
        case moveBeforeSend
        /// A cost above the estimate is held before it is durable.
        case raise
        /// An ending that the store could not take is tried again.
        case retry
        /// An ending is booked in memory once it is durable.
        case bookAfterDurable
        /// What claims credits is told once it is durable.
        case tellAfterDurable
        /// Each permission of the gate is given back.
        case leave
        /// What is kept carries the stamp that it was asked under.
        case stamp
        /// What a crash left open becomes unconfirmed.
        case recovery
    }

    private(set) var missing: Guard?

    static func without(_ missing: Guard) -> Rules { Rules(missing: missing) }

    func has(_ rule: Guard) -> Bool { missing != rule }
}
