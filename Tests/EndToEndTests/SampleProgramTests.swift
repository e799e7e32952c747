import TestSupport
import Testing

/// The vendor's sample programs, with only the URL and the key changed.
@Suite("The vendor's sample programs")
struct SampleProgramTests {
    private static let curl = #"""
        curl --location 'https://api.documentpro.ai/v1/classify' \
        --header 'x-api-key: YOUR_API_KEY' \
        --header 'Content-Type: application/json' \
        --data '{
        "document_id": "0b13c9f2-5148-4ffb-bb7b-de03bb071ca8",
        "classification_schema": [
        { "label": "invoice", "description": "A document requesting payment for goods or services rendered" },
        { "label": "purchase_order", "description": "A buyer-issued document authorizing a purchase from a supplier" },
        { "label": "contract", "description": "A legally binding agreement between two or more parties" },
        { "label": "other", "description": "Any document that does not fit the above categories" }
        ],
        "page_range": "1-2",
        "query_model": "gpt-4o-mini"
        }'
        """#

    private static let python = #"""
        import requests
        import json
        url = "https://api.documentpro.ai/v1/classify"
        headers = {
        'x-api-key': 'YOUR_API_KEY',
        'Content-Type': 'application/json'
        }
        payload = {
        "document_id": "0b13c9f2-5148-4ffb-bb7b-de03bb071ca8",
        "classification_schema": [
        { "label": "invoice", "description": "A document requesting payment for goods or services rendered" },
        { "label": "purchase_order", "description": "A buyer-issued document authorizing a purchase from a supplier" },
        { "label": "contract", "description": "A legally binding agreement between two or more parties" },
        { "label": "other", "description": "Any document that does not fit the above categories" }
        ],
        "page_range": "1-2",
        "query_model": "gpt-4o-mini"
        }
        response = requests.post(url, headers=headers, data=json.dumps(payload))
        if response.status_code == 200:
            result = response.json()
            print(f"Classification: {result['classification']}")
            print(f"Confidence scores: {result['confidence_scores']}")
        else:
            print('Classification failed')
            print(response.text)
        """#

    private func pointed(_ program: String, at gateway: Gateway) throws -> String {
        let parts = program.components(around: "https://api.documentpro.ai")
        let (before, after) = try #require(parts)
        let (head, tail) = try #require((before + gateway.url + after).components(around: "YOUR_API_KEY"))
        return head + Gateway.keyA + tail
    }

    private func run(_ command: [String]) throws -> CommandResult {
        // The machine's proxy must not be used for loopback.
        let result = try CommandResult.of(command, environment: ["NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"])
        #expect(result.succeeded, "\(result.stderr)")
        return result
    }

    @Test("curl and Python get one answer, and the vendor is paid once")
    func samplePrograms() throws {
        try withGateway { gateway in
            let curl = try pointed(Self.curl, at: gateway)
            let first = try run(["sh", "-c", curl])
            let reply = try JSON.parse(first.stdout)
            #expect(reply["request_status"].string == "completed")
            #expect(reply["document_id"].string == SampleRequests.documentID)
            #expect(reply["classifier_id"] == .null)
            #expect(reply["credits_used"].int == 2)
            #expect(reply["num_pages"].int == 2)
            #expect(reply["confidence_scores"].members.count == 4)

            let second = try run(["sh", "-c", curl])
            #expect(second.stdout == first.stdout)

            let python = try pointed(Self.python, at: gateway)
            let classification = try #require(reply["classification"].string)
            for _ in 1...2 {
                let lines = try run(["python3", "-c", python]).output.split(separator: "\n")
                #expect(lines.count == 2)
                #expect(lines.first == "Classification: \(classification)")
                let scores = try #require(lines.last)
                #expect(scores.hasPrefix("Confidence scores: {"))
                for label in ["invoice", "purchase_order", "contract", "other"] {
                    #expect(scores.contains("'\(label)': "))
                }
            }
            #expect(try gateway.vendor.calls() == 1)
            #expect(try gateway.vendor.account()["credits_charged"].number == 2)
        }
    }
}

extension String {
    /// The text before and after the only occurrence of `piece`.
    fileprivate func components(around piece: String) -> (String, String)? {
        let occurrences = ranges(of: piece)
        guard occurrences.count == 1, let only = occurrences.first else { return nil }
        return (String(self[..<only.lowerBound]), String(self[only.upperBound...]))
    }
}
