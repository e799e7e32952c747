import Testing
import Vocabulary

@testable import Caching

@Suite("A cached result")
struct CachedResultTests {
    private func result(body: String, creditsRange: Range<Int>?) -> CachedResult {
        CachedResult(
            key: key(1),
            status: 200,
            body: Array(body.utf8),
            creditsRange: creditsRange,
            credits: MicroCredits(micros: 12_500_000),
            storedAt: Timestamp(seconds: 5),
            account: AccountID(rawValue: "default"),
            team: TeamID(rawValue: "a-team-with-a-rather-long-name"),
            documentID: "0b13c9f2-5148-4ffb-bb7b-de03bb071ca8",
            model: "gpt-4o-mini",
            pageRange: "1-3,5",
            classification: "a label longer than fifteen bytes"
        )
    }

    @Test("gives back what it was made from")
    func parts() {
        let result = result(body: "{\"credits_used\":12.5,\"x\":1}", creditsRange: 16..<20)
        #expect(result.documentID == "0b13c9f2-5148-4ffb-bb7b-de03bb071ca8")
        #expect(result.team.rawValue == "a-team-with-a-rather-long-name")
        #expect(result.classification == "a label longer than fifteen bytes")
        #expect(result.pageRange == "1-3,5")
        #expect(result.creditsRange == 16..<20)
        #expect(result.status == 200)
    }

    @Test("reads 0 credits where it is told to, and is unchanged where it names none")
    func creditsZero() {
        let text = "{\"credits_used\":12.5,\"x\":1}"
        #expect(result(body: text, creditsRange: 16..<20).bodyCreditsZero == Array("{\"credits_used\":0,\"x\":1}".utf8))
        #expect(result(body: text, creditsRange: nil).bodyCreditsZero == Array(text.utf8))
        #expect(result(body: "5", creditsRange: 0..<1).bodyCreditsZero == Array("0".utf8))
    }

    @Test("keeps a body without the spare room that it came with")
    func exactSize() {
        var body: [UInt8] = []
        body.reserveCapacity(100_000)
        body.append(contentsOf: "short".utf8)
        let result = CachedResult(
            copying: Caching.CachedResult(
                key: key(1),
                status: 200,
                body: body,
                creditsRange: nil,
                credits: .zero,
                storedAt: Timestamp(seconds: 0),
                account: AccountID(rawValue: ""),
                team: TeamID(rawValue: ""),
                documentID: "",
                model: "",
                pageRange: nil,
                classification: ""
            )
        )
        #expect(result.body == body)
        #expect(result.body.capacity < 100)
    }

    @Test(
        "names every document by the text it was given",
        arguments: [
            "0b13c9f2-5148-4ffb-bb7b-de03bb071ca8", "00000000-0000-0000-0000-000000000000",
            "ffffffff-ffff-ffff-ffff-ffffffffffff", "0B13c9f2-5148-4ffb-bb7b-de03bb071ca8",
            "0b13c9f2-5148-4ffb-bb7b-de03bb071ca", "0b13c9f2-5148-4ffb-bb7b-de03bb071ca80", "",
            "0b13c9f251484ffbbb7bde03bb071ca8", "0b13c9f2_5148-4ffb-bb7b-de03bb071ca8", "é", "plain name",
            "0b13c9f2-5148-4ffb-bb7b-de03bb071c-8",
        ]
    )
    func documentNames(_ text: String) { #expect(Array(DocumentName(text).text.utf8) == Array(text.utf8)) }

    @Test("takes 16 bytes for a lower-case UUID")
    func uuid() { #expect(DocumentName("0b13c9f2-5148-4ffb-bb7b-de03bb071ca8").ownBytes == 0) }

    @Test("shares long texts but never between spellings that are canonically equivalent")
    func sharedTexts() {
        let composed = "caf\u{e9} and some more text"
        let decomposed = "cafe\u{301} and some more text"
        #expect(composed == decomposed)
        #expect(Array(SharedText.share(composed).text.utf8) == Array(composed.utf8))
        #expect(Array(SharedText.share(decomposed).text.utf8) == Array(decomposed.utf8))
        #expect(SharedText.share(composed).ownBytes == 0)
        #expect(SharedText.share(String(repeating: "long ", count: 100)).ownBytes > 500)
    }
}
