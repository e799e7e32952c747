import Foundation
import Testing

/// The rooms import in one direction, and C, packages and threads are reached through the rooms that open them.
///
/// The order of the rooms is that of the targets in Package.swift. Read from the sources, since an import that the
/// compiler takes may still go the wrong way.
@Suite("The order of the rooms")
struct RoomOrderTests {
    private let tree = SourceTree()

    @Test("Package.swift and the picture in README name every folder of Sources, in the same order")
    func order() throws {
        let targets = try tree.packageOrder()
        let pictured = try tree.readmeOrder()
        #expect(pictured == targets)
        #expect(try Set(targets) == tree.folders())
        #expect(targets.count == Set(targets).count)
    }

    @Test("a room imports only rooms that stand above it")
    func direction() throws {
        let order = try tree.packageOrder()
        for (index, room) in order.enumerated() {
            let imports = try tree.imports(of: room)
            for (module, files) in imports where order.firstIndex(of: module) ?? -1 >= index {
                Issue.record("\(room) imports \(module), which stands below it: \(files)")
            }
        }
    }

    /// What only some rooms import. A module that is neither a room nor named here is allowed nowhere.
    private static let doors: [String: Set<String>] = [
        "CLibevent": ["EventLoops", "Transport"],
        "COpenSSL": ["Cryptography", "Transport"],
        "CPostgreSQL": ["PostgreSQL"],
        "CSQLite": ["Storage"],
        "CZlib": ["ContentCodings"],
        "GRDB": ["Storage"],
        "GRDBSQLite": ["Storage"],
        "Logging": ["Observability"],
        "ArgumentParser": ["tollgate", "vendor-sim"],
    ]

    /// The system's modules, which any room may import that `decisions` does not name.
    private static let system: Set<String> = ["Foundation", "Glibc", "Synchronization"]

    @Test("C libraries and packages are imported only by the rooms that open them")
    func doors() throws {
        let order = try tree.packageOrder()
        var opened: [String: Set<String>] = [:]
        for room in order {
            for (module, files) in try tree.imports(of: room) {
                if let rooms = Self.doors[module] {
                    opened[module, default: []].insert(room)
                    #expect(rooms.contains(room), "\(room) imports \(module): \(files)")
                } else {
                    #expect(
                        order.contains(module) || Self.system.contains(module),
                        "\(room) imports \(module): \(files)"
                    )
                }
            }
        }
        // A rule whose room imports the module no longer is out of date.
        #expect(opened == Self.doors)
    }

    /// The rooms that decide: what they import beside one another is a clock, a socket or a store of their own.
    private static let decisionBases: Set<String> = [
        "Vocabulary", "Cryptography", "JSON", "HTTPMessages", "Synchronization",
    ]

    /// Exceptions, each with its reason.
    private static let exceptions: [String: Set<String>] = [
        // `memchr` and `memcmp` over the bytes of a body.
        "Keying": ["Glibc"],
        // The same over those of a reply, in which a key is looked for.
        "UpstreamKeys": ["Glibc"],
        // The calendar that knows the time zones.
        "Budgeting": ["Foundation"],
    ]

    @Test("the rooms from Authentication to Budgeting import neither one another nor what waits, connects or stores")
    func decisions() throws {
        let order = try tree.packageOrder()
        let first = try #require(order.firstIndex(of: "Authentication"))
        let last = try #require(order.firstIndex(of: "Budgeting"))
        for room in order[first...last] {
            let imports = try tree.imports(of: room)
            let excepted = Self.exceptions[room] ?? []
            for (module, files) in imports where !Self.decisionBases.union(excepted).contains(module) {
                Issue.record("\(room) imports \(module): \(files)")
            }
            #expect(excepted.isSubset(of: imports.keys), "an exception of \(room) that it does not need")
        }
    }
}

/// The package as its files have it.
private struct SourceTree {
    private let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private func text(_ path: String) throws -> String {
        try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
    }

    /// The folders of Sources: every room, door and program.
    func folders() throws -> Set<String> {
        Set(try FileManager.default.contentsOfDirectory(atPath: root.appendingPathComponent("Sources").path))
    }

    /// The targets whose files are in Sources, in the order in which Package.swift names them.
    func packageOrder() throws -> [String] {
        let targets = /\.(?:systemLibrary|target|executableTarget)\(\s*name: "([^"]+)"/
        let folders = try folders()
        return try text("Package.swift").matches(of: targets).map { String($0.1) }.filter(folders.contains)
    }

    /// The names in the block that begins with `Sources/`, in their order: each ends with a slash, and stands at the
    /// beginning of its line or behind another name.
    func readmeOrder() throws -> [String] {
        let readme = try text("README.md")
        let block = try #require(readme.firstMatch(of: /```\nSources\/\n((?s:.*?))```/)?.1)
        return block.split(separator: "\n").flatMap { line in
            line.split(separator: " ").prefix { $0.hasSuffix("/") }.map { String($0.dropLast()) }
        }
    }

    /// The modules that files of a room import, with the names of the files.
    func imports(of room: String) throws -> [String: [String]] {
        let line =
            /(?m)^\s*(?:@\w+(?:\(\w+\))?\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?import\s+(?:(?:struct|class|enum|protocol|func|var|let|typealias)\s+)?(\w+)/
        let folder = root.appendingPathComponent("Sources/\(room)")
        var imports: [String: [String]] = [:]
        for case let file as URL in FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)! {
            guard file.pathExtension == "swift" else { continue }
            for match in try String(contentsOf: file, encoding: .utf8).matches(of: line) {
                imports[String(match.1), default: []].append(file.lastPathComponent)
            }
        }
        return imports
    }
}
