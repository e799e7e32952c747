import HTTPMessages
import Testing

@testable import Serving

@Suite("What a head announces of its content")
struct AnnouncedContentTests {
    private func judge(_ framing: BodyFraming, limit: Int) -> Result<AnnouncedContent, RequestFault> {
        do throws(RequestFault) { return .success(try AnnouncedContent(framing, limit: limit)) } catch {
            return .failure(error)
        }
    }

    @Test(
        "what is within the limit is taken as it is",
        arguments: [
            (BodyFraming.none, AnnouncedContent.none), (.length(0), .none), (.length(1), .bytes(1)),
            (.length(100), .bytes(100)), (.chunked, .chunked), (.untilClose, .none),
        ]
    )
    func taken(framing: BodyFraming, expected: AnnouncedContent) throws {
        #expect(try judge(framing, limit: 100).get() == expected)
    }

    @Test(
        "a length beyond the limit is refused, up to the largest there is",
        arguments: [101, 1 << 40, .max - 1, .max] as [Int64]
    )
    func refused(length: Int64) {
        #expect(judge(.length(length), limit: 100) == .failure(.bodyTooLarge(limit: 100)))
    }

    @Test("the largest limit takes the largest length")
    func largest() throws {
        #expect(try judge(.length(.max), limit: .max).get() == .bytes(.max))
    }
}
