extension UpstreamKey {
    /// What an operator wants done with a key. It stands before all that replies say of it.
    public enum OperatorState: String, Sendable, CaseIterable {
        /// It is given out while nothing else is against that.
        case active
        /// It takes no new request; those that are out with it end as they would.
        case draining
        /// It is not to be used. Requests that are out with it end as they would: the vendor has them already.
        case disabled
    }
}
