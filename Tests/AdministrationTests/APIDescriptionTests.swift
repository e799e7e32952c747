import Foundation
import HTTPMessages
import JSON
import TestSupport
import Testing

@testable import Administration
@testable import Gateway

@Suite("The description of the API")
struct APIDescriptionTests {
    private let operations = APIPart.all.flatMap(\.operations)
    private let document = APIDescription(version: "1.2.3", clientURL: "http://127.0.0.1:8080").json

    /// A method on a path, with the role that it takes.
    private struct Line: Hashable, Comparable, CustomStringConvertible {
        let description: String

        init(_ method: HTTPMethod, _ path: String, _ role: AdminRole?) {
            description = "\(method.name) \(path) \(role?.name ?? "public")"
        }

        static func < (left: Line, right: Line) -> Bool { left.description < right.description }
    }

    @Test("every route of the admin side is described, with its role, and nothing else is")
    func adminRoutes() throws {
        // The files of a page are no calls of the API.
        let calls = try AdminRooms().routes.filter { !$0.pattern.hasPrefix("/assets/") }
        let routes = calls.map { Line($0.method, $0.pattern, $0.role) }
        let described = operations.filter { $0.side != .client }.map { Line($0.method, $0.path, $0.role) }
        #expect(Set(routes).count == routes.count && Set(described).count == described.count)
        let missing = Set(routes).subtracting(described).sorted()
        #expect(missing.isEmpty, "to be described in Sources/Administration/Description/Parts: \(missing)")
        let unserved = Set(described).subtracting(routes).sorted()
        #expect(unserved.isEmpty, "described, but no such route: \(unserved)")
    }

    @Test("every path of the client side that is not passed through is described, and of the others one that spends")
    func clientRoutes() {
        let described = Set(operations.filter { $0.side != .admin }.map(\.path))
        let served = Set(Route.names.map { "\($0.path)" })
        #expect(described == served.union(["/v1/classifiers/{id}/classify"]))
    }

    @Test("operations have identifiers of their own, and each answers a success")
    func operationsAlone() {
        #expect(Set(operations.map(\.id)).count == operations.count)
        #expect(Set(APIPart.all.map(\.tag)).count == APIPart.all.count)
        for operation in operations {
            #expect(operation.replies.contains { (200..<300).contains($0.status) }, "\(operation.id)")
        }
    }

    @Test("every reference leads to a component, and every component is referred to")
    func references() throws {
        let kinds = ["schemas", "responses", "parameters", "headers"]
        var components: Set<String> = []
        for kind in kinds {
            guard case .object(let members)? = document["components"]?[kind] else {
                Issue.record("no \(kind)")
                continue
            }
            #expect(Set(members.map(\.name)).count == members.count, "\(kind)")
            components.formUnion(members.map { "#/components/\(kind)/\($0.name)" })
        }
        #expect(components == references(in: document))
    }

    private func references(in value: JSONValue) -> Set<String> {
        switch value {
        case .object(let members):
            members.reduce(into: []) { found, member in
                if member.name == "$ref", case .string(let target) = member.value { found.insert(target) }
                found.formUnion(references(in: member.value))
            }
        case .array(let elements): elements.reduce(into: []) { $0.formUnion(references(in: $1)) }
        case .null, .bool, .number, .string: []
        }
    }

    @Test("a call needs the token and the role that the description says")
    func roles() throws {
        let rooms = try AdminRooms()
        for operation in operations where operation.path.hasPrefix("/admin/v1") {
            let path = String(operation.path.dropFirst("/admin/v1".count)).replacing(/{[a-z]+}/, with: "1")
            let method = "\(operation.method.name)"
            let role = try #require(operation.role)
            #expect(try rooms.answer(method, path, token: "nobody's").status == 401, "\(operation.id)")
            let tokens = [
                (AdminRole.viewer, AdminStand.viewer), (.operator, AdminStand.operatorToken),
                (.admin, AdminStand.admin),
            ]
            for (shown, token) in tokens where shown < role {
                #expect(try rooms.answer(method, path, token: token).status == 403, "\(operation.id)")
            }
            // With the role it is another answer, whatever that is.
            let token = tokens.first { $0.0 == role }?.1 ?? ""
            #expect(![401, 403].contains(try rooms.answer(method, path, token: token).status), "\(operation.id)")
        }
    }

    @Test("it is served without a token, to GET and HEAD, as JSON, with the program's version and the client's address")
    func served() throws {
        let rooms = try AdminRooms()
        let reply = try rooms.ask(TestRequest("GET", "/openapi.json?v=1"))
        #expect(reply.status == 200)
        #expect(reply["content-type"] == "application/json")
        let served = try JSONValue.parse(reply.body.span)
        guard case .string(let version)? = served["info"]?["version"],
            case .array(let servers)? = served["paths"]?["/tollgate/usage"]?["get"]?["servers"],
            case .string(let url)? = servers.first?["url"]
        else { throw TestFailure("neither a version nor a server: \(reply.text.prefix(500))") }
        #expect(version == "test")
        #expect(url.hasPrefix("http://127.0.0.1:"))
        let made = APIDescription(version: version, clientURL: url).json.text + [0x0A]
        #expect(reply.body == made)
        let head = try rooms.ask(TestRequest("HEAD", "/openapi.json"))
        #expect(head.status == 200)
        #expect(head.body.isEmpty)
        #expect(head["content-length"] == "\(made.count)")
    }

    @Test("docs/api.md §2 and §6 list the paths that are described, and no others")
    func documented() throws {
        let file = URL(fileURLWithPath: #filePath).appendingPathComponent("../../../docs/api.md").standardized
        let text = try String(contentsOf: file, encoding: .utf8)
        let listed = Self.calls(in: text)
        func isListed(_ method: String, _ path: String) -> Bool {
            // `…/keys/{key}` stands for the rest of a path that was named before it.
            listed.contains { line in
                let parts = line.split(separator: " ")
                guard parts[0] == method else { return false }
                return parts[1] == path || (parts[1].hasPrefix("…") && path.hasSuffix(parts[1].dropFirst()))
            }
        }
        var described: Set<String> = []
        for operation in operations {
            let path = Self.nameless(operation.path.replacing("/admin/v1", with: ""))
            described.insert("\(operation.method.name) \(path)")
            #expect(isListed("\(operation.method.name)", path), "\(operation.id)")
        }
        let rows = text.split(separator: "\n").filter { $0.hasPrefix("| `") }.joined(separator: "\n")
        let inTables = Self.calls(in: rows).filter { !$0.contains("…") }
        for line in inTables { #expect(described.contains(line), "\(line)") }
        #expect(inTables.count > 30)
    }

    /// What the text has in code of the form `GET, POST /path?query`: one line for each method.
    private static func calls(in text: String) -> Set<String> {
        let calls = text.matches(of: /`((?:GET|POST|PUT|PATCH|DELETE)(?:, [A-Z]+)*) ((?:\/|…\/)[^ `?]*)/)
        return Set(calls.flatMap { call in call.1.split(separator: ", ").map { "\($0) \(nameless(call.2))" } })
    }

    /// Parameters may have other names in prose.
    private static func nameless(_ path: some StringProtocol) -> String {
        String(path).replacing("/admin/v1", with: "").replacing(/{[a-z]+}/, with: "{}")
    }
}

@Suite("Schemas")
struct SchemaTests {
    private static let nullable: [(Schema, String)] = [
        (.text, #"{"type": ["string", "null"]}"#),
        (
            .choice(of: ["a", "b"]),
            #"{"type": ["string", "null"], "enum": ["a", "b", null]}"#
        ),
        (
            .named("Team"),
            ##"{"anyOf": [{"$ref": "#/components/schemas/Team"}, {"type": "null"}]}"##
        ),
        (
            Schema.text.orNull.about("x"),
            #"{"type": ["string", "null"], "description": "x"}"#
        ),
    ]

    @Test("null is allowed in addition, also where the values are listed", arguments: nullable.indices)
    func orNull(index: Int) {
        let (schema, json) = Self.nullable[index]
        #expect(String(decoding: (index == 3 ? schema : schema.orNull).json.text, as: UTF8.self) == json)
    }

    @Test("a form is closed and an object is open; optional members are not required")
    func objects() {
        let members: [Schema.Member] = [.init("a", .flag), .optional("b", .flag)]
        let properties = #""properties": {"a": {"type": "boolean"}, "b": {"type": "boolean"}}, "required": ["a"]"#
        func text(_ schema: Schema) -> String { String(decoding: schema.json.text, as: UTF8.self) }
        #expect(text(.object(members)) == #"{"type": "object", \#(properties)}"#)
        #expect(text(.form(members)) == #"{"type": "object", \#(properties), "additionalProperties": false}"#)
    }
}
