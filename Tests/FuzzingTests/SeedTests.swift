import Foundation
import Testing

@Suite("Seeds of the fuzzers")
struct SeedTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fuzzing/Corpora")

    private func seeds(_ target: FuzzTarget) throws -> [SeedFile.Seed] {
        let file = Self.folder.appendingPathComponent("\(target.rawValue).txt")
        return try SeedFile(String(contentsOf: file, encoding: .utf8)).seeds
    }

    @Test("no seed breaks a rule of its target", arguments: FuzzTarget.allCases)
    func hold(_ target: FuzzTarget) throws {
        let seeds = try seeds(target)
        #expect(seeds.count >= 5)
        for seed in seeds {
            do throws(BrokenRule) { try target.run(seed.input) } catch {
                Issue.record("\(target.rawValue), \(seed.name): \(error)")
            }
        }
    }

    @Test("no beginning of a seed breaks a rule of its target", arguments: FuzzTarget.allCases)
    func cutOff(_ target: FuzzTarget) throws {
        for seed in try seeds(target) {
            for count in stride(from: 0, to: seed.input.count, by: max(1, seed.input.count / 12)) {
                do throws(BrokenRule) { try target.run(Array(seed.input[..<count])) } catch {
                    Issue.record("\(target.rawValue), \(seed.name), \(count) bytes: \(error)")
                }
            }
        }
    }

    @Test("every file of seeds is that of a target")
    func files() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
        #expect(files.sorted() == FuzzTarget.allCases.map { "\($0.rawValue).txt" }.sorted())
    }
}

@Suite("Files of seeds")
struct SeedFileTests {
    @Test("any bytes stand on one line of printable text, and are read again as they were")
    func escapes() throws {
        let bytes = (0...255).map { UInt8($0) } + Array("\\x41 # a: b".utf8)
        let line = SeedFile.escaped(bytes)
        #expect(line.utf8.allSatisfy { (0x20...0x7E).contains($0) })
        let file = try SeedFile("# a comment\nall bytes: \(line)\nnothing: \n")
        #expect(file.seeds.map(\.name) == ["all bytes", "nothing"])
        #expect(file.seeds[0].input == bytes)
        #expect(file.seeds[1].input.isEmpty)
    }

    @Test(
        "a line that is none is refused",
        arguments: [
            "no colon", "a:b", "a: \\q", "a: \\x1", "a: \\xg1", "a: \\x+1", "a: \\", "a: \t", "a: \u{E9}", "a: 1\na: 2",
        ]
    )
    func refused(_ text: String) { #expect(throws: SeedFile.Fault.self) { try SeedFile(text) } }
}
