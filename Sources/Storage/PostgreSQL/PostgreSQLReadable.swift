import Vocabulary

/// A connection that only reads, made when it is needed. Immutable.
struct PostgreSQLReadable: ReadableDatabase {
    /// How long one read may take: a report over millions of rows, too.
    private static let readMax = Duration.seconds(60)

    let address: SharedAddress
    /// Whether requests wait for its reads.
    let isForRequests: Bool

    func lend(to body: (StoreConnection) -> Void) {
        let roundTripMax = isForRequests ? PostgreSQLLink.roundTripMax : Self.readMax
        body(StoreConnection(PostgreSQLLink(address, roundTripMax: roundTripMax)))
    }

    /// The connection ends with what was lent.
    func close() {}
}
