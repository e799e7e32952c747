import Foundation
import Testing

@testable import PostgreSQL

@Suite("The server of the fuzzers")
struct AnsweringServerTests {
    private static let server = AnsweringServer(name: "server-tests")

    /// Else every input would be a connection that is lost, and the target would hold nothing.
    @Test("what it answers reaches the one who asks, and its errors do")
    func answers() throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Fuzzing/Corpora/answers.txt")
        let seeds = try SeedFile(String(contentsOf: file, encoding: .utf8)).seeds
        let commands = [PostgreSQLCommand("BEGIN"), PostgreSQLCommand("SELECT")]
        func ask(_ name: String) throws -> [PostgreSQLRows] {
            Self.server.set(answer: try #require(seeds.first { $0.name == name }).input)
            let address = try PostgreSQLAddress(url: Self.server.url)
            let connection = try PostgreSQLConnection(to: address, within: .seconds(60))
            return try connection.query(commands, within: .seconds(60))
        }
        let rows = try ask("two commands that succeed")
        #expect(rows.map(\.count) == [0, 2])
        #expect(rows[1].integer(0, 0) == -5 && rows[1].text(0, 1) == "seven" && rows[1].isNull(1, 0))
        let failure = #expect(throws: PostgreSQLFailure.self) { try ask("an error behind rows") }
        #expect(failure?.sqlState == "22012")
    }
}
