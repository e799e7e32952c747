import Testing

@testable import Keying

@Suite("A document's identifier")
struct DocumentIDTests {
    private func canonical(_ text: String) -> String? {
        DocumentID.canonical(Array(text.utf8)).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test(
        "is a UUID of any version and letter case, read in lower case",
        arguments: [
            "0b13c9f2-5148-4ffb-bb7b-de03bb071ca8", "0B13C9F2-5148-4FFB-BB7B-DE03BB071CA8",
            "0b13C9f2-5148-4fFB-bb7b-dE03bb071cA8", "00000000-0000-0000-0000-000000000000",
            "ffffffff-ffff-ffff-ffff-ffffffffffff", "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF",
        ]
    )
    func valid(_ text: String) { #expect(canonical(text) == text.lowercased()) }

    @Test(
        "is nothing else",
        arguments: [
            "", "x", "0b13c9f251484ffbbb7bde03bb071ca8", "0b13c9f2-5148-4ffb-bb7b-de03bb071ca",
            "0b13c9f2-5148-4ffb-bb7b-de03bb071ca80", "{0b13c9f2-5148-4ffb-bb7b-de03bb071ca8}",
            "urn:uuid:0b13c9f2-5148-4ffb-bb7b-de03bb071ca8", " 0b13c9f2-5148-4ffb-bb7b-de03bb071ca8",
            "0b13c9f2-5148-4ffb-bb7b-de03bb071ca8 ", "0b13c9f2-5148-4ffb-bb7b-de03bb071cag",
            "0b13c9f2-5148-4ffb-bb7b-de03bb071ca\u{E9}", "0b13c9f-25148-4ffb-bb7b-de03bb071ca8",
            "0b13c9f2+5148-4ffb-bb7b-de03bb071ca8", "0b13c9f2-5148-4ffb-bb7b_de03bb071ca8",
            "0b13c9f2--148-4ffb-bb7b-de03bb071ca8", "0b13c9f2-5148-4ffb-bb7b-de03bb071c@8",
            "0b13c9f2-5148-4ffb-bb7b-de03bb071c`8", "0b13c9f2-5148-4ffb-bb7b-de03bb071c/8",
            "0b13c9f2-5148-4ffb-bb7b-de03bb071c:8", "0b13c9f2-5148-4ffb-bb7b-de03bb071c\u{0}8",
        ]
    )
    func invalid(_ text: String) { #expect(canonical(text) == nil) }
}
