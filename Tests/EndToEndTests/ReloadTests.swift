import Foundation
import TestSupport
import Testing

@Suite("Reading the configuration again")
struct ReloadTests {
    private static let newKey = "team-d-secret-0123456789"
    private static let newTeam: JSON = [
        "id": "team-d", "name": "Team D", "account": "default",
        "keys": [["id": "d-key", "secret": ["value": .string(newKey)]]],
    ]

    @Test("a valid file takes effect without a dropped connection")
    func valid() throws {
        try withGateway { gateway in
            let connection = try gateway.connect()
            func ask(_ key: String) throws -> TestResponse {
                try connection.send(TestRequest.classify(SampleRequests.vendors, key: key).bytes)
                return try connection.response()
            }
            expectStoredMiss(try ask(Gateway.keyA))
            expectError(try ask(Self.newKey), 403, "invalid_api_key")
            try gateway.rewriteConfiguration(["teams": [Self.newTeam]])
            gateway.process.signal(SIGHUP)
            let deadline = Deadline.generous
            while try ask(Self.newKey).status == 403 { try #require(!deadline.hasPassed, "the new key is not known") }
            expectHit(try ask(Self.newKey))
            expectError(try ask(Gateway.keyA), 403, "invalid_api_key")
            #expect(connection.isOpen)
        }
    }

    @Test("no request fails while files are swapped under load")
    func underLoad() throws {
        try withGateway { gateway in
            expectStoredMiss(try gateway.classify(SampleRequests.vendors))
            let connections = try (0..<8).map { _ in try gateway.connect() }
            for round in 0..<20 {
                try gateway.rewriteConfiguration(["cache": ["ttl": .string("\(20 + round)d")]])
                gateway.process.signal(SIGHUP)
                for connection in connections {
                    try connection.send(TestRequest.classify(SampleRequests.vendors, key: Gateway.keyA).bytes)
                }
                for connection in connections { expectHit(try connection.response()) }
            }
        }
    }

    @Test("an invalid file is reported with its path and changes nothing")
    func invalid() throws {
        try withGateway { gateway in
            expectStoredMiss(try gateway.classify(SampleRequests.vendors))
            try gateway.rewriteConfiguration(["cache": ["ttl": "soon"], "teams": []])
            try gateway.reload(expecting: "cache.ttl")
            expectHit(try gateway.classify(SampleRequests.vendors))
        }
    }

    @Test("the form of the process log changes with the file, in both directions")
    func logFormat() throws {
        try withGateway { gateway in
            try gateway.rewriteConfiguration(["log": ["format": "text"]])
            try gateway.reload(expecting: "Z info reloaded")
            #expect(gateway.process.stderr.lines.last?.hasPrefix("{") == false)
            try gateway.rewriteConfiguration(["log": ["format": "json"]])
            try gateway.reload(expecting: #""msg":"reloaded""#)
        }
    }

    @Test("what of the store has no effect, since the file took it over, is told once")
    func shadowed() throws {
        try withGateway { gateway in
            #expect(try gateway.admin("POST", "/teams", ["id": "twice"]).status == 201)
            for _ in 0..<2 {
                try gateway.rewriteConfiguration(["teams": [["id": "twice", "keys": []]]])
                try gateway.reload(expecting: #""msg":"reloaded""#)
            }
            let told = gateway.process.stderr.lines.filter { $0.contains("registry_without_effect") }
            #expect(told.count == 1 && told.first?.contains("team/twice") == true, "\(told)")
        }
    }

    @Test("what needs a restart is said and kept; the rest is applied")
    func needsRestart() throws {
        try withGateway { gateway in
            let changes: JSON = ["listen": ["workers": 3], "teams": [Self.newTeam]]
            try gateway.rewriteConfiguration(changes)
            try gateway.reload(expecting: "listen.workers", "restart")
            let deadline = Deadline.generous
            while try gateway.classify(SampleRequests.vendors, key: Self.newKey).status != 200 {
                try #require(!deadline.hasPassed, "the rest is not applied")
            }
        }
    }
}
