import AdminClient
import Forms
import Foundation
import JSON
import TestSupport
import Testing

@testable import tollgate

@Suite("tollgate simulate")
struct SimulateCommandTests {
    init() { signal(SIGPIPE, SIG_IGN) }

    @Test(
        "what is given is sent",
        arguments: [
            (
                "a --budget month=5 --ttl 7d",
                #"{"team": "a", "budgets": [{"window": "month", "credits": 5}], "ttl": "7d"}"#
            ),
            ("a --no-budgets", #"{"team": "a", "budgets": []}"#),
            (
                "a --ttl 0s --from 2026-11-01 --to 2026-11-30",
                #"{"team": "a", "ttl": "0s", "from": "2026-11-01", "to": "2026-11-30"}"#
            ),
        ]
    )
    func calls(_ line: String, _ body: String) throws {
        let call = try SimulateCommand.parse(line.split(separator: " ").map(String.init)).call()
        #expect(call.method == .post && call.path == ["simulate"] && call.changesNothing)
        #expect(call.body.map { String(decoding: $0.text, as: UTF8.self) } == body)
    }

    private static let answer = #"""
        {"team": "a", "until": "2026-12-01T00:00:00Z", "refused_from": null, "refused": 0, "spent": 98.5, "unconfirmed": 3,
        "saved": 22, "calls": 57, "hits": 9, "exactness": "exact", "exactness_reason": "All is known.",
        "was": {"spent": 120.5, "unconfirmed": 3, "saved": 40.25, "hits": 101, "denied": 2}}
        """#

    @Test("a table sets what was beside what would be; json is what the gateway sent")
    func table() throws {
        let server = try ScriptedServer((0..<3).map { _ in .json(200, Self.answer) })
        let client = AdminCaller(address: try #require(AdminAddress(parsing: server.url)), token: "token")
        let answer = { (format: String) in
            try SimulateCommand.parse(["a", "--ttl", "7d", "--output", format]).answer(of: client)
        }
        #expect(
            try answer("table").text(.table) == """
                               was  would be
                spent        120.5      98.5
                unconfirmed      3         3
                saved        40.25      + 22
                hits           101       + 9
                refused          2       + 0

                refused from  -
                replayed      57 calls until 2026-12-01T00:00:00Z
                exactness     exact: All is known.

                """
        )
        #expect(try answer("json").text(.json).contains(#""was": {"spent": 120.5"#))
        #expect(try answer("csv").text(.csv).hasPrefix("team,from,to,"))
    }
}

@Suite("Help, exit codes and completion")
struct CommandHelpTests {
    /// The commands, as the help of the program lists them.
    private static var commands: [String] {
        let groups = TollgateCommand.configuration.groupedSubcommands.flatMap(\.subcommands)
        return (TollgateCommand.configuration.ungroupedSubcommands + groups).map {
            $0.configuration.commandName ?? "\($0)"
        }
    }

    @Test("the help of each command has an example of it")
    func examples() throws {
        #expect(Self.commands.count > 10)
        for name in Self.commands {
            let result = try CommandResult.ofProgram("tollgate", [name, "--help"])
            let parts = result.output.components(separatedBy: "EXAMPLES")
            #expect(parts.count == 2 && parts[1].contains("tollgate \(name)"), "\(name): \(result.output)")
        }
    }

    @Test("a command line that is wrong exits with 64, help with 0")
    func exitCodes() throws {
        #expect(try CommandResult.ofProgram("tollgate", ["simulate", "a"]).end == .exit(64))
        #expect(try CommandResult.ofProgram("tollgate", ["nonsense"]).end == .exit(64))
        #expect(try CommandResult.ofProgram("tollgate", ["--help"]).end == .exit(0))
    }

    @Test("a shell takes the completion script, and completes commands with it")
    func completion() throws {
        let script = try CommandResult.ofProgram("tollgate", ["--generate-completion-script", "bash"])
        #expect(script.succeeded)
        let folder = try TemporaryFolder()
        let file = try folder.write(script.output, to: "tollgate.bash")
        let ask = """
            source "$1"; COMP_WORDS=(tollgate simu); COMP_CWORD=1; COMP_LINE="tollgate simu"; COMP_POINT=13
            _tollgate tollgate simu tollgate; printf '%s\\n' "${COMPREPLY[@]}"
            """
        let result = try CommandResult.of(["bash", "-c", ask, "bash", file])
        #expect(result.output.split(separator: "\n").contains("simulate"), "\(result.output) \(result.stderr)")
    }
}
