import Testing
import Vocabulary

@Suite("The words of a UUID")
struct UUIDWordsTests {
    @Test("are those of the text, in both directions")
    func words() {
        let text = "0b13c9f2-5148-4ffb-bb7b-de03bb071ca8"
        let words = UUIDWords(text)
        #expect(words == UUIDWords(high: 0x0B13_C9F2_5148_4FFB, low: 0xBB7B_DE03_BB07_1CA8))
        #expect(words?.text == text)
        #expect(UUIDWords(high: 0, low: .max).text == "00000000-0000-0000-ffff-ffffffffffff")
    }

    @Test("every place of the text has its own bits")
    func places() {
        for place in 0..<36 where ![8, 13, 18, 23].contains(place) {
            var bytes = Array("00000000-0000-0000-0000-000000000000".utf8)
            bytes[place] = UInt8(ascii: "a")
            let text = String(decoding: bytes, as: UTF8.self)
            #expect(UUIDWords(text)?.text == text)
        }
    }

    @Test(
        "no other text has any",
        arguments: [
            "", "0b13c9f2-5148-4ffb-bb7b-de03bb071ca", "0b13c9f2-5148-4ffb-bb7b-de03bb071ca80",
            "0B13c9f2-5148-4ffb-bb7b-de03bb071ca8", "0b13c9f25148-4ffb-bb7b-de03bb071ca8-", "é",
            "0b13c9f2-51484ffb--bb7b-de03bb071ca8", "0b13c9f2-5148-4ffbbb-7b-de03bb071ca8",
            "0b13c9f2-5148-4ffb-bb7bde-03bb071ca8", "0b13c9f2-5148-4ffb-bb7b-de03bb071cag",
            "0b13c9f2-5148-4ffb-bb7b-de03bb071c:8", "0b13c9f2-5148-4ffb-bb7b-de03bb071c`8",
            "0b13c9f2-5148-4ffb-bb7b-de03bb071c/8", "0b13c9f2-5148-4ffb-bb7b-de03bb071é8",
            "0b13c9f205148-4ffb-bb7b-de03bb071ca8", "0b13c9f2-514804ffb-bb7b-de03bb071ca8",
            "0b13c9f2-5148-4ffb0bb7b-de03bb071ca8", "0b13c9f2-5148-4ffb-bb7b0de03bb071ca8",
        ]
    )
    func others(_ text: String) { #expect(UUIDWords(text) == nil) }

    @Test("are in the order of their bytes")
    func order() {
        let words = [(0, 0), (0, 1), (0, .max), (1, 0), (.max, .max)].map { UUIDWords(high: $0.0, low: $0.1) }
        #expect(words.shuffled().sorted() == words)
    }
}
