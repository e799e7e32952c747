/// The Keep-Alive field of a response: `timeout=5, max=100`.
///
/// RFC 2068 §19.7.1.1 names the field and leaves its parameters to others; servers have sent these two since. What is not
/// understood is skipped, as the field is a hint.
enum KeepAliveField {
    /// For how many seconds the sender keeps the connection open without a request; nil when the value does not say.
    static func timeoutSeconds(_ value: TokenList.Bytes) -> Int64? {
        var walker = TokenList.Walker(value)
        while let parameter = walker.next() {
            let name: StaticString = "timeout="
            guard parameter.count > name.utf8CodeUnitCount,
                TokenList.equals(parameter.prefix(name.utf8CodeUnitCount), name)
            else { continue }
            return DecimalReader.read(parameter.dropFirst(name.utf8CodeUnitCount))
        }
        return nil
    }
}
