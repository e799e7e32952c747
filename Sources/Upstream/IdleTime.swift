/// How long a connection to the vendor is kept without a request. Pure.
enum IdleTime {
    /// More than a request takes to reach the vendor: one that is sent while the vendor closes the connection is lost,
    /// and it is then unknown whether it was charged.
    private static let margin = Duration.seconds(1)

    /// The operator's time, or less where the vendor said in its last reply that it closes the connection earlier.
    ///
    /// - Parameter vendorsSeconds: the vendor's `Keep-Alive: timeout`, if it sent one; with 0 nothing is kept.
    static func of(_ idleTimeout: Duration, vendorsSeconds: Int64?) -> Duration {
        guard let vendorsSeconds else { return idleTimeout }
        let vendors = Duration.seconds(vendorsSeconds)
        return min(idleTimeout, vendors - min(margin, vendors / 2))
    }
}
