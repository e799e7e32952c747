extension RequestHead {
    /// The values of all field lines of a name that is no `KnownField`: each line is compared, which the data path
    /// does without.
    ///
    /// - Parameters:
    ///   - name: in lower case.
    ///   - bytes: those that the head was read from.
    public func values(of name: StaticString, in bytes: Span<UInt8>) -> [ByteRange] {
        fields.filter { TokenList.equals(bytes.extracting($0.name.indices), name) }.map(\.value)
    }
}
