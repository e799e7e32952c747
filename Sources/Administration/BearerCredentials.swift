import HTTPMessages

/// Reads `Authorization: Bearer TOKEN`, RFC 6750 §2.1.
enum BearerCredentials {
    /// Where the token stands; nil unless there is exactly one field line, of that scheme and form.
    static func token(_ head: borrowing RequestHead, _ bytes: Span<UInt8>) -> Range<Int>? {
        let values = head.values(of: "authorization", in: bytes)
        guard values.count == 1 else { return nil }
        return token(in: bytes, values[0].indices)
    }

    /// The scheme's name in any letter case and one or more spaces (RFC 9110 §11.1, §11.4), then visible ASCII. The
    /// RFC allows fewer characters; operators choose tokens themselves.
    private static func token(in bytes: Span<UInt8>, _ value: Range<Int>) -> Range<Int>? {
        let schemeEnd = value.lowerBound + 6
        guard schemeEnd < value.upperBound, bytes[schemeEnd] == 0x20,
            TokenList.equals(bytes.extracting(value.lowerBound..<schemeEnd), "bearer")
        else { return nil }
        var start = schemeEnd
        while start < value.upperBound, bytes[start] == 0x20 { start += 1 }
        for index in start..<value.upperBound where bytes[index] <= 0x20 || bytes[index] >= 0x7F { return nil }
        return start < value.upperBound ? start..<value.upperBound : nil
    }
}
