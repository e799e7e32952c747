import Vocabulary

/// A connection that only reads, made when it is needed. Immutable.
struct PostgreSQLReadable: ReadableDatabase {
    let address: SharedAddress
    let bounds: PostgreSQLLink.Bounds

    func lend(to body: (StoreConnection) -> Void) {
        body(StoreConnection(PostgreSQLLink(address, bounds: bounds)))
    }

    /// The connection ends with what was lent.
    func close() {}
}
