/// What the Connection fields of one head say about the end of the connection, RFC 9112 §9.3.
///
/// Close wins over keep-alive, wherever the two stand: a connection that the other side gives up is not used again.
struct ConnectionOptions {
    private var closes = false
    private var keepsAlive = false

    /// Takes the options of one field line; those that it does not know are for others (RFC 9110 §7.6.1).
    mutating func add(_ value: TokenList.Bytes) {
        // The usual one alone.
        if unsafe TokenList.equals(value, "keep-alive") { return keepsAlive = true }
        var walker = unsafe TokenList.Walker(value)
        while let token = unsafe walker.next() {
            if unsafe TokenList.equals(token, "close") { closes = true }
            if unsafe TokenList.equals(token, "keep-alive") { keepsAlive = true }
        }
    }

    /// Whether the connection may carry another message; in HTTP/1.0 only when that was asked for.
    func keepsAlive(_ version: HTTPVersion) -> Bool { !closes && (keepsAlive || version == .http11) }
}

/// The Keep-Alive field of a response: `timeout=5, max=100`.
///
/// RFC 2068 §19.7.1.1 names the field and leaves its parameters to others; servers have sent these two since. What is
/// not understood is skipped, as the field is a hint.
enum KeepAliveField {
    /// For how many seconds the sender keeps the connection open without a request; nil when the value does not say.
    static func timeoutSeconds(_ value: TokenList.Bytes) -> Int64? {
        var walker = unsafe TokenList.Walker(value)
        while let parameter = unsafe walker.next() {
            let name: StaticString = "timeout="
            guard unsafe parameter.count > name.utf8CodeUnitCount,
                unsafe TokenList.equals(parameter.prefix(name.utf8CodeUnitCount), name)
            else { continue }
            return unsafe DecimalReader.read(parameter.dropFirst(name.utf8CodeUnitCount))
        }
        return nil
    }
}
