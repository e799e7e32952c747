import Vocabulary

@testable import VendorSimulation

/// Calls and documents that the tests share.
enum TestCalls {
    static let key = "vendor-test-key"
    static let document = DocumentBook.sampleID
    static let other = "11111111-2222-4333-8444-555555555555"
    static let now = Timestamp(seconds: 784_111_777)  // Sun, 06 Nov 1994 08:49:37 GMT

    /// A body about `document`; `extra` is inserted before its end, e.g. `, "page_range": "1"`.
    static func body(_ document: String = document, extra: String = "") -> String {
        """
        {"document_id": "\(document)", "classification_schema": [\
        {"label": "invoice", "description": "A document requesting payment"}, \
        {"label": "contract", "description": "A legally binding agreement"}]\(extra)}
        """
    }

    static func call(_ body: String = body(), key: String? = key, requestID: String? = "r-1") -> ClassifyCall {
        ClassifyCall(key: key, requestID: requestID, body: Array(body.utf8), now: now)
    }

    static func vendor(_ settings: VendorSettings? = nil) -> SimulatedVendor {
        SimulatedVendor(settings ?? VendorSettings(delay: .milliseconds(1_400), keys: [key]), seed: 1)
    }

    static func text(_ delivery: Delivery) -> String { String(decoding: delivery.bytes, as: UTF8.self) }

    static func text(_ plan: ReplyPlan) -> String { text(plan.delivery) }

    /// The bytes after the head.
    static func body(of plan: ReplyPlan) -> String {
        let text = text(plan)
        guard let end = text.range(of: "\r\n\r\n") else { return "" }
        return String(text[end.upperBound...])
    }
}

extension String {
    /// The first occurrence of `part`, compared by bytes, not by Foundation's notion of equality.
    func range(of part: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].utf8.starts(with: part.utf8) {
                return start..<utf8.index(start, offsetBy: part.utf8.count)
            }
            start = utf8.index(after: start)
        }
        return nil
    }
}
