/// What goes out on a connection in answer to one request, and what becomes of the connection then.
struct Delivery: Equatable, Sendable {
    enum Ending: String, Sendable {
        case keep
        /// FIN after the last byte.
        case close
        /// RST after the last byte.
        case reset
    }

    var bytes: [UInt8]
    /// The time between one byte and the next; nil sends all at once.
    var pace: Duration?
    var ending: Ending
}
