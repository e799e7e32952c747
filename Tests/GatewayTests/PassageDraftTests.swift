import Testing

@testable import Gateway

@Suite("What of a request's content is read before it goes out")
struct PassageDraftTests {
    @Test(
        "content may be an object as long as nothing says that it is none",
        arguments: [
            ("", true), ("{", true), (" \r\n\t", true), (" \n{", true), ("\u{FEFF}", true), ("\u{FEFF} {", true),
            ("[", false), ("a", false), (" }", false), ("\u{FEFF}[", false), ("\u{0}", false), ("%PDF-1.7", false),
        ]
    )
    func object(beginning: String, may: Bool) {
        #expect(PassageDraft.mayBeObject(Array(beginning.utf8)) == may)
    }

    @Test("the mark of UTF-8 may come in pieces")
    func mark() {
        #expect(PassageDraft.mayBeObject([0xEF]) && PassageDraft.mayBeObject([0xEF, 0xBB]))
        #expect(!PassageDraft.mayBeObject([0xEF, 0xBC]) && !PassageDraft.mayBeObject([0xBB]))
    }
}
