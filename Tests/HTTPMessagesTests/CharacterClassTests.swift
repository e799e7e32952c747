import Testing

@testable import HTTPMessages

@Suite("CharacterClass")
struct CharacterClassTests {
    private static let alphanumeric = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

    @Test("each class has the characters of its rule and no other byte")
    func members() {
        let token = Set((Self.alphanumeric + "!#$%&'*+-.^_`|~").utf8)
        let path = Set((Self.alphanumeric + "-._~" + "%" + "!$&'()*+,;=" + ":@/").utf8)
        // RFC 3986 has the comma too; here it is left out.
        let host = Set((Self.alphanumeric + "-._~" + "%" + "!$&'()*+;=").utf8)
        for byte in 0...255 as ClosedRange<UInt8> {
            #expect(CharacterClass.token.contains(byte) == token.contains(byte), "byte \(byte)")
            #expect(CharacterClass.path.contains(byte) == path.contains(byte), "byte \(byte)")
            #expect(CharacterClass.host.contains(byte) == host.contains(byte), "byte \(byte)")
        }
    }
}
