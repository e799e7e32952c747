import Testing

@testable import HTTPMessages

@Suite("RequestRefusal")
struct RequestRefusalTests {
    private static let all: [(RequestRefusal, Int, String)] =
        HeadFault.allCases.map { (.head($0), 400, "bad_request") } + [
            (.malformedRequestLine, 400, "bad_request"), (.malformedMethod, 400, "bad_request"),
            (.malformedTarget, 400, "bad_request"), (.malformedVersion, 400, "bad_request"),
            (.unsupportedVersion, 505, "bad_request"), (.requestLineTooLong, 414, "uri_too_long"),
            (.headTooLarge, 431, "headers_too_large"), (.tooManyFields, 431, "headers_too_large"),
            (.missingHost, 400, "bad_request"), (.severalHosts, 400, "bad_request"),
            (.malformedHost, 400, "bad_request"), (.malformedContentLength, 400, "bad_request"),
            (.severalContentLengths, 400, "bad_request"), (.lengthAndCoding, 400, "bad_request"),
            (.malformedTransferCoding, 400, "bad_request"), (.unknownTransferCoding, 501, "bad_request"),
            (.codingInHTTP10, 400, "bad_request"), (.unknownExpectation, 417, "bad_request"),
            (.severalKeys, 400, "bad_request"),
        ]

    @Test("each refusal has the status that docs/faults.md §1 asks for", arguments: all)
    func statuses(refusal: RequestRefusal, status: Int, code: String) {
        #expect(refusal.status == status)
        #expect(refusal.code.rawValue == code)
    }

    @Test("each refusal says in its own words what is wrong")
    func messages() {
        let messages = Self.all.map(\.0.message)
        #expect(Set(messages).count == messages.count)
        #expect(messages.allSatisfy { $0.hasSuffix(".") })
    }
}
