import HTTPMessages
import Testing

@testable import Gateway

@Suite("What a head announces of its content")
struct AnnouncedContentTests {
    private func judge(_ framing: BodyFraming, limit: Int) -> Result<AnnouncedContent, ErrorReply> {
        do throws(ErrorReply) { return .success(try AnnouncedContent(framing, limit: limit)) } catch {
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
        "a length beyond the limit is 413, up to the largest there is",
        arguments: [101, 1 << 40, .max - 1, .max] as [Int64]
    )
    func refused(length: Int64) {
        guard case .failure(let error) = judge(.length(length), limit: 100) else { Issue.record("taken"); return }
        #expect(error.status == 413)
        #expect(error.code == .bodyTooLarge)
    }

    @Test("the largest limit takes the largest length")
    func largest() throws {
        #expect(try judge(.length(.max), limit: .max).get() == .bytes(.max))
    }
}
