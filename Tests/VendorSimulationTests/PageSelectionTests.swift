import Testing

@testable import VendorSimulation

@Suite("Page ranges")
struct PageSelectionTests {
    @Test(
        "each page that exists counts once",
        arguments: [
            ("1", 10, 1), ("1-3", 10, 3), ("1,3,5", 10, 3), ("2-3,1", 10, 3), ("1-5,3-7,7", 10, 7),
            (" 1 - 2 , 4 ", 10, 3),
            ("1-1000000", 4, 4), ("3-9", 4, 2), ("4,4,4", 4, 1), ("5-6,1", 4, 1),
        ]
    )
    func counts(range: String, pages: Int, expected: Int) throws {
        #expect(try PageSelection.count(of: range, inDocumentOf: pages) == expected)
    }

    @Test(
        "what is no range, or names no page, is refused",
        arguments: [
            "", ",", "1,", "0", "0-1", "3-1", "-1", "1-", "1-2-3", "a", "1 2", "+1", "1.5", "5", "99999999999999999999",
        ]
    )
    func refuses(range: String) {
        #expect(throws: VendorRefusal.self) { try PageSelection.count(of: range, inDocumentOf: 4) }
    }
}
