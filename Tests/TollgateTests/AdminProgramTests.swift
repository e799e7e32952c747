import Foundation
import TestSupport
import Testing

@Suite("The program's commands of the admin API")
struct AdminProgramTests {
    private func run(_ arguments: [String], token: String? = "the-token", _ more: [String: String] = [:]) throws
        -> CommandResult
    {
        let environment = ["TOLLGATE_ADMIN_TOKEN": token ?? ""].merging(more) { _, own in own }
        return try .ofProgram("tollgate", arguments, environment: environment)
    }

    @Test("a list is printed, and the gateway was asked with the token")
    func list() throws {
        let body = #"{"items": [{"at": "2026-11-24T00:00:00Z", "actor": "ops"}], "next_cursor": null}"#
        let server = try ScriptedServer([.json(200, body)])
        let result = try run(["audit", "--admin", server.url])
        #expect(result.succeeded, "\(result.stderr)")
        #expect(result.output.hasSuffix("2026-11-24T00:00:00Z  ops    -     -       -       -\n"), "\(result.output)")
        let request = try server.request()
        #expect(request.hasPrefix("GET /admin/v1/audit?limit=50 HTTP/1.1\r\n"))
        #expect(request.contains("\r\nauthorization: Bearer the-token\r\n"))
    }

    @Test("without a token nothing is asked: one line names the variable, and the exit status is 1")
    func noToken() throws {
        let result = try run(["teams"], token: nil)
        #expect(result.end == .exit(1))
        let line = "tollgate: environment variable TOLLGATE_ADMIN_TOKEN is not set; put a token of admin.tokens there\n"
        #expect(result.stderr == line)
        #expect(result.output.isEmpty)
    }

    @Test("a refusal is one line on standard error, the exit status is 1, and the token is not shown")
    func refusal() throws {
        let body = #"{"success": false, "error": "conflict", "message": "The team belongs to the file."}"#
        let server = try ScriptedServer([.json(409, body)])
        let result = try run(["teams", "delete", "ap", "--admin", server.url])
        #expect(result.end == .exit(1))
        #expect(result.stderr == "tollgate: 409 conflict: The team belongs to the file.\n")
        #expect(result.output.isEmpty)
    }

    @Test("ready asks for readiness alone, needs no token, and does not send the one that is there")
    func ready() throws {
        for token in [nil, "the-token"] {
            let server = try ScriptedServer([.json(200, #"{"status": "ready"}"#)])
            let result = try run(["ready", "--admin", server.url], token: token)
            #expect(result.succeeded && result.output == "status  ready\n", "\(result.stderr)")
            let request = try server.request()
            #expect(request.hasPrefix("GET /readyz HTTP/1.1\r\n"))
            #expect(!request.contains("authorization"))
        }
    }

    @Test(
        "ready exits with 1 and a reason when something is in the way, or something else answers",
        arguments: [
            (
                ScriptedReply.json(
                    503,
                    #"{"success": false, "error": "draining", "message": "The gateway is shutting down."}"#
                ), "503 draining: The gateway is shutting down."
            ),
            (.json(200, #"{"status": "alive"}"#), "is this the gateway's address?"),
            (.raw("HTTP/1.1 204 No Content\r\n\r\n"), "is this the gateway's address?"),
            (.raw("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nready"), "is not the gateway's admin API"),
        ]
    )
    func notReady(_ reply: ScriptedReply, _ reason: String) throws {
        let result = try run(["ready", "--admin", ScriptedServer([reply]).url], token: nil)
        #expect(result.end == .exit(1) && result.output.isEmpty)
        #expect(result.stderr.hasPrefix("tollgate: ") && result.stderr.contains(reason), "\(result.stderr)")
    }

    @Test("a secret comes from standard input and is in no output")
    func secretFromStandardInput() throws {
        let server = try ScriptedServer([.json(200, #"{"id": "k", "state": "active"}"#)])
        let program = try ServerProcess.path(ofProgram: "tollgate")
        let script = #"echo vendor-secret | "$1" upstream-keys rotate k --secret-file - --admin "$2""#
        let environment = ["TOLLGATE_ADMIN_TOKEN": "the-token"]
        let result = try CommandResult.of(["sh", "-c", script, "sh", program, server.url], environment: environment)
        #expect(result.output == "id     k\nstate  active\n", "\(result.stderr)")
        let request = try server.request()
        #expect(request.hasSuffix(#"{"secret": "vendor-secret"}"#))
    }

    @Test("an answer that cannot be printed is not passed over in silence")
    func fullDisk() throws {
        let server = try ScriptedServer([.json(200, "{}")])
        let program = try ServerProcess.path(ofProgram: "tollgate")
        let script = #""$1" status --output json --admin "$2" >/dev/full"#
        let environment = ["TOLLGATE_ADMIN_TOKEN": "the-token"]
        let result = try CommandResult.of(["sh", "-c", script, "sh", program, server.url], environment: environment)
        #expect(result.end == .exit(1))
        #expect(result.stderr.contains("standard output cannot be written"))
    }

    @Test("over https the server proves who it is before the token is sent", arguments: [true, false])
    func https(_ isTrusted: Bool) throws {
        let certificates = try Certificates()
        let identity = try certificates.issue("server")
        let served = try TemporaryFolder()
        // `s_server -HTTP` sends files unchanged, so this one is a complete response.
        try served.write("HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n{\"version\": \"1\"}\n", to: "status")
        let script = #"mkdir -p admin/v1 && mv status admin/v1/ && exec openssl s_server -accept 0 -HTTP "$@""#
        let server = try ServerProcess([
            "sh", "-c", "cd \(served.path) && " + script, "sh", "-cert", identity.certificate, "-key",
            identity.privateKey,
        ])
        #expect(server.stdout.wait { $0.contains { $0.hasPrefix("ACCEPT") } }, "\(server.stderr.text)")
        let port = try #require(server.stdout.lines.first { $0.hasPrefix("ACCEPT") }?.split(separator: ":").last)
        let trust = isTrusted ? ["SSL_CERT_FILE": certificates.authority] : [:]
        let result = try run(["status", "--admin", "https://127.0.0.1:\(port)"], trust)
        if isTrusted {
            #expect(result.output == "version  1\n", "\(result.stderr)")
        } else {
            #expect(result.end == .exit(1))
            #expect(
                result.stderr.contains("no secure connection can be made (certificate_untrusted"),
                "\(result.stderr)"
            )
        }
    }

    @Test(
        "the help of each command names the token's variable",
        arguments: ["teams", "keys", "upstream-keys", "audit"]
    )
    func help(_ command: String) throws {
        let result = try run([command, "--help"])
        #expect(result.succeeded)
        #expect(result.output.contains("TOLLGATE_ADMIN_TOKEN"))
        #expect(result.output.contains("tollgate \(command)"))
    }
}
