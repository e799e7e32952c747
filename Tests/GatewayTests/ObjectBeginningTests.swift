import Testing

@testable import Gateway

@Suite("Content that may be an object")
struct ObjectBeginningTests {
    @Test(
        "content may be an object as long as nothing says that it is none, in one piece and byte by byte",
        arguments: [
            ("", true), ("{", true), (" \r\n\t", true), (" \n{", true), ("\u{FEFF}", true), ("\u{FEFF} {x", true),
            ("[", false), ("a", false), (" }", false), ("\u{FEFF}[", false), ("\u{0}", false), ("%PDF-1.7", false),
            (" \u{FEFF}{", false), ("\u{FEFF}\u{FEFF}{", false),
        ]
    )
    func object(text: String, may: Bool) {
        let content = Array(text.utf8)
        var whole = ObjectBeginning()
        #expect(whole.mayBeObject(content) == may)
        var pieces = ObjectBeginning()
        let answers = (0...content.count).map { pieces.mayBeObject(Array(content[..<$0])) }
        #expect(answers.last == may)
        #expect(answers == answers.sorted { $0 && !$1 }, "what is none stays none")
    }

    @Test("the mark of UTF-8 may come in pieces")
    func mark() {
        for (content, may) in [([0xEF], true), ([0xEF, 0xBB], true), ([0xEF, 0xBC], false), ([0xBB], false)]
            as [([UInt8], Bool)]
        {
            var beginning = ObjectBeginning()
            #expect(beginning.mayBeObject(content) == may)
        }
    }
}
