import Foundation
import TestSupport
import Testing

/// `docs/api.md` §2: a request that names a document drops what is stored about it, when it is forwarded and again when
/// it is answered. The simulated vendor's held calls make the moments in between.
@Suite("Documents that change")
struct DocumentChangeTests {
    private static let key = [("x-api-key", Gateway.keyA)]

    private func get(_ gateway: Gateway, _ target: String) throws -> TestResponse {
        try gateway.send(TestRequest("GET", target, fields: Self.key))
    }

    private func extract(_ gateway: Gateway, _ document: String) throws -> TestResponse {
        try get(gateway, "/v1/documents/\(document)/run_parser")
    }

    /// Begins an extract, and returns when the vendor has it.
    private func beginHeldExtract(_ gateway: Gateway, _ document: String) throws -> RawConnection {
        try gateway.vendor.queueFault("hold", document: document)
        let connection = try gateway.connect()
        try connection.send(
            TestRequest("GET", "/v1/documents/\(document)/run_parser", fields: Self.key).bytes
        )
        try gateway.vendor.waitForCalls(inFlight: 1)
        return connection
    }

    private func pages(_ gateway: Gateway, _ document: String) throws -> Int? {
        let items = try gateway.admin("GET", "/lessons?document_id=\(document)").json["items"].items
        return items.first?["pages"].int
    }

    private func entries(_ gateway: Gateway, _ document: String) throws -> Int {
        try gateway.admin("GET", "/cache/entries?document_id=\(document)").json["items"].items.count
    }

    /// A vendor that answers classify with a result and everything else with an empty object.
    private static func origin(
        then answer: @escaping @Sendable (OriginRequest, RawConnection) throws -> Void = { _, _ in }
    ) throws -> RecordingOrigin {
        try RecordingOrigin { request, connection in
            var body = "{}"
            if request.target == "/v1/classify" {
                let document = try JSON.parse(request.body)["document_id"].string ?? ""
                body =
                    #"{"request_status":"completed","document_id":"\#(document)","classification":"invoice","#
                    + #""credits_used":1,"num_pages":1}"#
            }
            try answer(request, connection)
            try connection.send(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
            )
            return true
        }
    }

    private func withOrigin(
        _ configuration: JSON = [:],
        then answer: @escaping @Sendable (OriginRequest, RawConnection) throws -> Void = { _, _ in },
        _ body: (Gateway, RecordingOrigin) throws -> Void
    ) throws {
        let origin = try Self.origin(then: answer)
        let base: JSON = ["upstream": ["base_url": .string(origin.url)]]
        try withGateway(base.overlaid(with: configuration)) { try body($0, origin) }
    }

    // MARK: Which requests

    private static let object = #"{"a": 1, "document_id": "ID"}"#
    private static let json = "Content-Type: application/json\r\n"

    /// Head and content of a request without its key; `ID` stands for the document.
    private static func chunked(_ fields: String, _ pieces: String...) -> String {
        let chunks = pieces.map { piece in
            // An identifier takes the place of two letters.
            let count = piece.utf8.count + (piece.contains("ID") ? 34 : 0)
            return String(count, radix: 16) + "\r\n\(piece)\r\n"
        }
        let head = "POST /v1/x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\(fields)\r\n"
        return head + chunks.joined() + "0\r\n\r\n"
    }

    private static func sized(_ fields: String, _ content: String, _ target: String = "/v1/x") -> String {
        let count = content.utf8.count + (content.contains("ID") ? 34 : 0)
        return "PUT \(target) HTTP/1.1\r\nContent-Length: \(count)\r\n\(fields)\r\n\(content)"
    }

    /// The request about this document, with its key.
    private static func bytes(_ text: String, _ document: String) throws -> [UInt8] {
        let request = text.replacingOccurrences(of: "ID", with: document)
        let end = try #require(request.range(of: "\r\n"))
        let fields = "\r\nHost: h\r\nx-api-key: \(Gateway.keyA)\r\n"
        return Array(request.replacingCharacters(in: end, with: fields).utf8)
    }

    @Test(
        "a request that names a document in path, query or JSON drops its results, on every worker and over a restart",
        arguments: [
            "GET /v1/documents/ID HTTP/1.1\r\n\r\n", "HEAD /v1/documents/ID HTTP/1.1\r\n\r\n",
            "DELETE /v1/documents/ID HTTP/1.1\r\n\r\n", "GET /v1/documents/ID/run_parser?a=b HTTP/1.1\r\n\r\n",
            "PATCH /v1/templates/7?x=%&document_id=ID HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
            sized(json, object), sized("", object),
            sized("Content-Type: application/x-www-form-urlencoded\r\n", object),
            sized("Content-Type: text/plain\r\n", " \r\n" + object), chunked(json, object), chunked("", object),
            chunked(json, #"{"a": "#, #"[], "document_id": "ID"#, #""}"#), chunked("", " ", "\n", object),
        ]
    )
    func named(text: String) throws {
        try withOrigin { gateway, origin in
            let (document, other) = (SampleRequests.newDocumentID(), SampleRequests.newDocumentID())
            for body in [SampleRequests.about(document), SampleRequests.about(other)] {
                expectStoredMiss(try gateway.classify(body))
                expectHit(try gateway.classify(body))
            }
            let connection = try gateway.connect()
            try connection.send(try Self.bytes(text, document.uppercased()))
            #expect(try connection.response(toHEAD: text.hasPrefix("HEAD")).status == 200)
            #expect(try entries(gateway, document) == 0 && entries(gateway, other) == 1)
            #expect(try pages(gateway, document) == nil && pages(gateway, other) == 1)
            try gateway.killAndRestart()
            expectStoredMiss(try gateway.classify(SampleRequests.about(document)))
            expectHit(try gateway.classify(SampleRequests.about(other)))
            #expect(try gateway.admin("GET", "/audit").json["items"].items.isEmpty, "it is no operator's act")
            #expect(origin.malformed == [])
        }
    }

    @Test(
        "a request that names none, or the call of a saved classifier, leaves results as they are",
        arguments: [
            "GET /files?request_id=ID HTTP/1.1\r\n\r\n", "GET /v1/templates/ID HTTP/1.1\r\n\r\n",
            "GET /v1/documents/upload_url?file_name=ID HTTP/1.1\r\n\r\n",
            "POST /v1/classifiers/7/classify?document_id=ID HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
            sized("Content-Type: multipart/form-data; boundary=a\r\n", object),
            sized("Content-Type: application/octet-stream\r\n", object), sized(json, "[" + object + "]"),
            sized(json, #"{"a": {"document_id": "ID"}}"#), sized(json, object + String(repeating: " ", count: 1 << 20)),
            chunked(json, object, String(repeating: " ", count: 1 << 20)), chunked("", "x", object),
        ]
    )
    func unnamed(text: String) throws {
        try withOrigin { gateway, origin in
            let document = SampleRequests.newDocumentID()
            expectStoredMiss(try gateway.classify(SampleRequests.about(document)))
            let connection = try gateway.connect()
            try connection.sendWhatIsTaken(try Self.bytes(text, document))
            #expect(try connection.response().status == 200)
            let content = text.split(separator: "\r\n\r\n", maxSplits: 1).dropFirst().first.map { String($0) } ?? ""
            if text.hasPrefix("PUT") {
                let sent = content.replacingOccurrences(of: "ID", with: document)
                #expect(origin.requests.last?.body == Array(sent.utf8))
            }
            expectHit(try gateway.classify(SampleRequests.about(document)))
            #expect(try entries(gateway, document) == 1)
            #expect(origin.malformed == [])
        }
    }

    @Test("all documents of a request change; of more than a hundred it is refused, and nothing is sent or dropped")
    func several() throws {
        try withOrigin { gateway, origin in
            let documents = (0..<101).map { _ in SampleRequests.newDocumentID() }
            for document in [documents[0], documents[99]] {
                expectStoredMiss(try gateway.classify(SampleRequests.about(document)))
            }
            let sent = origin.requests.count
            func ask(_ count: Int) throws -> TestResponse {
                try get(gateway, "/v1/x?" + documents.prefix(count).map { "document_id=\($0)" }.joined(separator: "&"))
            }
            expectError(try ask(101), 400, "invalid_request")
            #expect(origin.requests.count == sent)
            expectHit(try gateway.classify(SampleRequests.about(documents[0])))
            #expect(try ask(100).status == 200)
            for document in [documents[0], documents[99]] { #expect(try entries(gateway, document) == 0) }
            let lines = try gateway.accessLog(atLeast: 5)
            #expect(lines.compactMap { $0["results_dropped"].int } == [2])
        }
    }

    @Test("a client that expects a 100 gets it when its content has to be read, and its request is whole at the vendor")
    func expectation() throws {
        try withOrigin { gateway, origin in
            let document = SampleRequests.newDocumentID()
            expectStoredMiss(try gateway.classify(SampleRequests.about(document)))
            let content = Self.object.replacingOccurrences(of: "ID", with: document)
            for framing in ["Content-Length: \(content.utf8.count)", "Transfer-Encoding: chunked"] {
                let connection = try gateway.connect()
                let fields = "Host: h\r\nx-api-key: \(Gateway.keyA)\r\n\(Self.json)\(framing)\r\nExpect: 100-continue"
                try connection.send("POST /v1/x HTTP/1.1\r\n\(fields)\r\n\r\n")
                while connection.received.count < 25 { try #require(connection.receiveMore()) }
                let isChunked = framing.hasPrefix("T")
                let size = String(content.utf8.count, radix: 16)
                try connection.send(isChunked ? "\(size)\r\n\(content)\r\n0\r\n\r\n" : content)
                let reply = try connection.response()
                #expect(reply.status == 200 && reply.interim.map(\.status) == [100])
                let request = try #require(origin.requests.last)
                #expect(request.body == Array(content.utf8) && request["expect"] == nil)
                #expect(request["content-length"] == "\(content.utf8.count)")
            }
            #expect(try entries(gateway, document) == 0)
        }
    }

    @Test("content that turns out to be no object, or too long, goes on as a stream with all its bytes")
    func streamsOn() throws {
        try withOrigin { gateway, origin in
            let long = Array(#"{"document_id": ""#.utf8) + [UInt8](repeating: 0x61, count: 3 << 20)
            for (fields, content) in [(Self.json, long), ("", Array("x".utf8) + long), ("", long)] {
                for isChunked in [false, true] {
                    let connection = try gateway.connect()
                    let framing = isChunked ? "Transfer-Encoding: chunked" : "Content-Length: \(content.count)"
                    try connection.send(
                        "POST /v1/x HTTP/1.1\r\nHost: h\r\nx-api-key: \(Gateway.keyA)\r\n\(fields)\(framing)\r\n\r\n"
                    )
                    let size = String(content.count, radix: 16)
                    let body = isChunked ? Array("\(size)\r\n".utf8) + content + Array("\r\n0\r\n\r\n".utf8) : content
                    try connection.sendWhatIsTaken(body)
                    #expect(try connection.response().status == 200)
                    let request = try #require(origin.requests.last)
                    #expect(request.body == content)
                    #expect((request["transfer-encoding"] == "chunked") == isChunked)
                }
            }
            #expect(origin.malformed == [])
        }
    }

    // MARK: When

    @Test("a classify call under way while its document changes reaches who waits for it, and is not stored")
    func flightUnderWay() throws {
        try withGateway { gateway in
            let document = SampleRequests.newDocumentID()
            let body = SampleRequests.about(document)
            let bytes = TestRequest.classify(body, key: Gateway.keyA).bytes
            try gateway.vendor.queueFault("hold", count: 2, document: document)
            let before = try gateway.connect()
            try before.send(bytes)
            try gateway.vendor.waitForCalls(inFlight: 1)
            #expect(try get(gateway, "/v1/documents/\(document)").status == 200)
            // It joins no flight from before.
            let after = try gateway.connect()
            try after.send(bytes)
            try gateway.vendor.waitForCalls(inFlight: 2)
            #expect(try entries(gateway, document) == 0)
            try gateway.vendor.release()
            #expect(try before.response()["cache-status"] == "tollgate; fwd=miss; fwd-status=200")
            expectStoredMiss(try after.response())
            expectHit(try gateway.classify(body))
            #expect(try gateway.vendor.calls() == 2)
        }
    }

    @Test("what is asked while a change is under way answers from memory until it ends, and from nowhere afterwards")
    func changeUnderWay() throws {
        try withGateway { gateway in
            let document = SampleRequests.newDocumentID()
            let body = SampleRequests.about(document)
            expectStoredMiss(try gateway.classify(body))
            let extract = try beginHeldExtract(gateway, document)
            #expect(try gateway.classify(body)["cache-status"]?.contains("fwd=miss") == true)
            expectHit(try gateway.classify(body))
            #expect(try entries(gateway, document) == 0 && pages(gateway, document) == nil)
            try gateway.vendor.release()
            #expect(try extract.response().status == 200)
            expectStoredMiss(try gateway.classify(body))
            expectHit(try gateway.classify(body))
            #expect(try pages(gateway, document) != nil)
        }
    }

    @Test("a classify call that begins before the end of a change and ends after it is not stored")
    func straddles() throws {
        let (change, classify) = (TestGate(), TestGate())
        try withOrigin(then: { request, _ in (request.target == "/v1/classify" ? classify : change).wait() }) {
            gateway,
            origin in
            let document = SampleRequests.newDocumentID()
            let body = SampleRequests.about(document)
            let (first, second) = (try gateway.connect(), try gateway.connect())
            try first.send(TestRequest("GET", "/v1/documents/\(document)", fields: Self.key).bytes)
            #expect(origin.wait { $0.requests.count == 1 })
            try second.send(TestRequest.classify(body, key: Gateway.keyA).bytes)
            #expect(origin.wait { $0.requests.count == 2 })
            change.open()
            #expect(try first.response().status == 200)
            classify.open()
            #expect(try second.response()["cache-status"] == "tollgate; fwd=miss; fwd-status=200")
            #expect(try entries(gateway, document) == 0)
            expectStoredMiss(try gateway.classify(body))
        }
    }

    @Test("kill -9 between forward and answer: neither what was stored before nor what was asked in between comes back")
    func killed() throws {
        try withGateway { gateway in
            let document = SampleRequests.newDocumentID()
            let (first, second) = (
                SampleRequests.about(document), SampleRequests.about(document, extra: #","page_range":"1""#)
            )
            expectStoredMiss(try gateway.classify(first))
            _ = try beginHeldExtract(gateway, document)
            #expect(try gateway.classify(second).status == 200)
            try gateway.killAndRestart()
            #expect(try entries(gateway, document) == 0 && pages(gateway, document) == nil)
            for body in [first, second] { expectStoredMiss(try gateway.classify(body)) }
            try gateway.vendor.release()
        }
    }

    @Test("a call that goes on without its client is a change until it ends", arguments: [false, true])
    func clientLeaves(isAnswered: Bool) throws {
        let gate = TestGate()
        // The call is awaited without its client, but not for longer than this.
        let settings: JSON = isAnswered ? [:] : ["upstream": ["response_timeout": "3s"]]
        try withOrigin(
            settings,
            then: { request, connection in
                guard request.target != "/v1/classify" else { return }
                if isAnswered { return gate.wait() }
                while connection.end == nil { _ = connection.receiveMore() }
            }
        ) { gateway, origin in
            let document = SampleRequests.newDocumentID()
            let body = SampleRequests.about(document)
            let connection = try gateway.connect()
            try connection.send(TestRequest("GET", "/v1/documents/\(document)", fields: Self.key).bytes)
            #expect(origin.wait { $0.requests.count == 1 })
            connection.reset()
            #expect(try gateway.accessLog(atLeast: 1).first?["status"].int == 499)
            #expect(try gateway.classify(body)["cache-status"]?.contains("fwd=miss") == true)
            if isAnswered { #expect(try entries(gateway, document) == 0) }
            gate.open()
            // Nobody is told of the end of the call; what is stored from then on stays.
            let deadline = Deadline.generous
            repeat {
                _ = try gateway.classify(body)
                try #require(!deadline.hasPassed)
            } while try entries(gateway, document) == 0
            expectHit(try gateway.classify(body))
        }
    }

    @Test("a vendor that gives no whole answer has been asked all the same: the document's results are gone")
    func vendorFails() throws {
        try withGateway { gateway in
            let document = SampleRequests.newDocumentID()
            expectStoredMiss(try gateway.classify(SampleRequests.about(document)))
            try gateway.vendor.queueFault("reset_before_reply", document: document)
            #expect(try extract(gateway, document).status == 502)
            #expect(try entries(gateway, document) == 0)
            expectStoredMiss(try gateway.classify(SampleRequests.about(document)))
            #expect(try entries(gateway, document) == 1)
        }
    }

    // MARK: Money

    @Test("a request that is refused drops nothing")
    func refused() throws {
        let budget: JSON = ["budgets": ["organization": [["window": "total", "credits": 3]]]]
        try withGateway(budget.overlaid(with: ["upstream": ["assumed_pages": 2]])) { gateway in
            let document = SampleRequests.newDocumentID()
            try gateway.vendor.setDocument(document, ["pages": 2])
            expectStoredMiss(try gateway.classify(SampleRequests.about(document)))
            expectError(try extract(gateway, document), 402, "budget_exceeded")
            expectHit(try gateway.classify(SampleRequests.about(document)))
            #expect(try entries(gateway, document) == 1)
        }
    }

    @Test("what is paid for again after a change is told as purged")
    func insights() throws {
        try withGateway { gateway in
            let document = SampleRequests.newDocumentID()
            expectStoredMiss(try gateway.classify(SampleRequests.about(document)))
            #expect(try extract(gateway, document).status == 200)
            expectStoredMiss(try gateway.classify(SampleRequests.about(document)))
            let items = try gateway.admin("GET", "/insights").json["items"].items
            #expect(items.map { $0["reason"].string } == ["purged"])
        }
    }

    @Test("while the store does not work nothing that may change a document is sent; hits and other requests go on")
    func storeTrouble() throws {
        try withGateway { gateway in
            let document = SampleRequests.newDocumentID()
            expectStoredMiss(try gateway.classify(SampleRequests.about(document)))
            let file = gateway.folder.file("tollgate.db")
            try FileManager.default.moveItem(atPath: file, toPath: file + ".away")
            func logged(_ word: String) -> Bool { gateway.process.stderr.wait { $0.contains { $0.contains(word) } } }
            #expect(logged("store_file_moved"))
            let asked = try gateway.vendor.requests()
            let refused = try get(gateway, "/v1/documents/\(document)")
            expectError(refused, 503, "store_unavailable")
            #expect(refused["retry-after"] != nil && logged("results_not_dropped"))
            expectError(try extract(gateway, document), 503, "store_unavailable")
            #expect(try gateway.vendor.requests() == asked)
            expectHit(try gateway.classify(SampleRequests.about(document)))
            #expect(try get(gateway, "/v1/templates").status == 200)
            try FileManager.default.moveItem(atPath: file + ".away", toPath: file)
            #expect(logged("store_file_back"))
            let standing = try gateway.admin("GET", "/budgets").json.text
            #expect(!standing.contains(#""reserved":1"#))
            #expect(try get(gateway, "/v1/documents/\(document)").status == 200)
            expectStoredMiss(try gateway.classify(SampleRequests.about(document)))
        }
    }

    @Test("a reservation alone sends nothing: it is released when what is stored cannot be removed")
    func removalFails() throws {
        try withGateway { gateway in
            let document = SampleRequests.newDocumentID()
            let body = SampleRequests.about(document)
            expectStoredMiss(try gateway.classify(body))
            // Rows are added and changed, but no result goes.
            let trigger = "CREATE TRIGGER held BEFORE DELETE ON results BEGIN SELECT RAISE(ABORT, 'held'); END"
            try edit(gateway, trigger)
            let asked = try gateway.vendor.requests()
            expectError(try extract(gateway, document), 503, "store_unavailable")
            expectError(try get(gateway, "/v1/documents/\(document)"), 503, "store_unavailable")
            #expect(try gateway.vendor.requests() == asked)
            let rows = try gateway.admin("GET", "/ledger").json["items"].items
            #expect(rows.map { $0["state"].string } == ["released", "settled"])
            expectHit(try gateway.classify(body))
            try gateway.killAndRestart()
            expectHit(try gateway.classify(body))
            try edit(gateway, "DROP TRIGGER held")
            #expect(try extract(gateway, document).status == 200)
            expectStoredMiss(try gateway.classify(body))
        }
    }

    /// Runs a statement on the gateway's store, as another program might.
    private func edit(_ gateway: Gateway, _ statement: String) throws {
        let program = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute(sys.argv[2]); c.commit()"
        let file = gateway.folder.file("tollgate.db")
        let editor = try CommandResult.of(["python3", "-c", program, file, statement])
        #expect(editor.succeeded, "\(editor.stderr)")
    }

    @Test("polls of very many documents are answered one after the other, and none is left under way")
    func many() throws {
        try withOrigin { gateway, _ in
            let kept = SampleRequests.about()
            expectStoredMiss(try gateway.classify(kept))
            let connection = try gateway.connect()
            let before = try gateway.residentKilobytes()
            for _ in 0..<10_000 {
                let document = SampleRequests.newDocumentID()
                try connection.send(TestRequest("GET", "/v1/documents/\(document)", fields: Self.key).bytes)
                #expect(try connection.response().status == 200)
            }
            if !ServerProcess.programsAreSanitized { #expect(try gateway.residentKilobytes() - before < 16_384) }
            expectHit(try gateway.classify(kept))
        }
    }
}
