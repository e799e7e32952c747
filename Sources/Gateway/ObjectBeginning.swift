/// Tells from the beginning of content, as it comes, whether it may be a JSON object. Pure; looks at each byte once.
struct ObjectBeginning {
    /// U+FEFF in UTF-8, which some writers put before a text.
    private static let mark: [UInt8] = [0xEF, 0xBB, 0xBF]

    /// How many bytes are known to precede the object: the mark and white space.
    private var blankCount = 0

    /// - Parameter content: all of it so far.
    mutating func mayBeObject(_ content: [UInt8]) -> Bool {
        if blankCount == 0 {
            if content.count < Self.mark.count, Self.mark.starts(with: content) { return true }
            if content.starts(with: Self.mark) { blankCount = Self.mark.count }
        }
        while blankCount < content.count, [0x20, 0x09, 0x0A, 0x0D].contains(content[blankCount]) { blankCount += 1 }
        return blankCount == content.count || content[blankCount] == UInt8(ascii: "{")
    }
}
