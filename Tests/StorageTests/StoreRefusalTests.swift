import Caching
import Foundation
import GRDB
import Testing
import Vocabulary

@testable import Storage

@Suite("A store that cannot be used is refused and left as it is", .filesOnly("it is about files"))
struct StoreRefusalTests {
    private let place = TemporaryStore()

    private func refusal(_ path: String? = nil) -> StoreFault? {
        do throws(StoreFault) {
            let store = try Store.open(path: path ?? place.file, busyTimeout: .milliseconds(20)) { _ in }
            store.close()
            return nil
        } catch {
            return error
        }
    }

    @Test("a second opener, by another name of the file too, until the first has closed")
    func second() throws {
        let store = try Store.open(path: place.file) { _ in }
        #expect(refusal()?.code == .inUse)
        #expect(refusal()?.detail.contains("\(getpid())") == true)
        let link = place.path + "/link.db"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: place.file)
        #expect(refusal(link)?.code == .inUse)
        #expect(
            refusal(place.path + "/../" + place.path.split(separator: "/").last! + "/tollgate.db")?.code == .inUse
        )
        store.close()
        #expect(refusal() == nil)
    }

    @Test("a lock file that a killed process left is no lock")
    func staleLock() throws {
        try Data("4711\n".utf8).write(to: URL(fileURLWithPath: place.file + ".lock"))
        #expect(refusal() == nil)
    }

    @Test("a file with a newer schema is refused and stays as it is")
    func newer() throws {
        try Store.open(path: place.file) { _ in }.close()
        try DatabaseQueue(path: place.file).write { try $0.execute(sql: "PRAGMA user_version = 9999") }
        let before = try Data(contentsOf: URL(fileURLWithPath: place.file))
        #expect(refusal()?.code == .newerSchema)
        #expect(try Data(contentsOf: URL(fileURLWithPath: place.file)) == before)
    }

    @Test("a file that is no database is refused and stays as it is", arguments: [1, 99, 511, 512, 5_000])
    func garbage(_ count: Int) throws {
        let garbage = Data((0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ 7) })
        try garbage.write(to: URL(fileURLWithPath: place.file))
        #expect(refusal()?.code == .corrupt)
        #expect(try Data(contentsOf: URL(fileURLWithPath: place.file)) == garbage)
    }

    @Test("a database of another program is refused and stays as it is")
    func foreign() throws {
        try DatabaseQueue(path: place.file).write { try $0.execute(sql: "CREATE TABLE notes (text TEXT)") }
        let before = try Data(contentsOf: URL(fileURLWithPath: place.file))
        #expect(refusal()?.code == .corrupt)
        #expect(try Data(contentsOf: URL(fileURLWithPath: place.file)) == before)
    }

    @Test("a file that was cut short, or overwritten at its beginning, is refused", arguments: [true, false])
    func damaged(_ isCut: Bool) throws {
        let store = try Store.open(path: place.file) { _ in }
        for number in 0..<100 as Range<UInt64> { try store.saveAndWait(result(number, bodyBytes: 3_000)).get() }
        store.close()
        var bytes = try Data(contentsOf: URL(fileURLWithPath: place.file))
        if isCut {
            bytes.removeLast(bytes.count / 2)
        } else {
            bytes.replaceSubrange(4_096..<20_480, with: Data(repeating: 0xA5, count: 16_384))
        }
        try bytes.write(to: URL(fileURLWithPath: place.file))
        #expect(refusal()?.code == .corrupt)
        #expect(try Data(contentsOf: URL(fileURLWithPath: place.file)) == bytes)
    }

    @Test("a folder instead of a file, a folder that is not there, a device")
    func noFile() throws {
        #expect(refusal(place.path)?.code == .unavailable)
        #expect(refusal(place.path + "/missing/tollgate.db")?.code == .unavailable)
        #expect(refusal("/dev/null") != nil)
        #expect(refusal("") != nil)
        #expect(!FileManager.default.fileExists(atPath: "/dev/null.lock"))
        #expect(!FileManager.default.fileExists(atPath: place.path + ".lock"))
    }

    /// Root may write anything, so the thread takes the file access of nobody for a while: setfsuid(2) is per thread.
    @Test("a file or a folder that this user cannot write, with the reason", arguments: [true, false])
    func readOnly(_ isFolder: Bool) throws {
        try Store.open(path: place.file) { _ in }.close()
        if !isFolder {
            try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: place.path)
            try FileManager.default.setAttributes([.posixPermissions: 0o444], ofItemAtPath: place.file)
            try FileManager.default.removeItem(atPath: place.file + ".lock")
        } else {
            try FileManager.default.setAttributes([.posixPermissions: 0o555], ofItemAtPath: place.path)
            try FileManager.default.removeItem(atPath: place.file + ".lock")
        }
        let setAccess = try #require(dlsym(nil, "setfsuid"))
        let setUser = unsafeBitCast(setAccess, to: (@convention(c) (UInt32) -> Int32).self)
        _ = setUser(65_534)
        let fault = refusal()
        _ = setUser(getuid())
        #expect(fault?.code == .readOnly)
        #expect(fault?.detail.contains("Permission denied") == true)
    }

    @Test("files are readable by their owner only")
    func permissions() throws {
        let store = try Store.open(path: place.file) { _ in }
        defer { store.close() }
        try store.saveAndWait(result(1)).get()
        for name in ["", "-wal", "-shm", ".lock"] {
            let mode = try FileManager.default.attributesOfItem(atPath: place.file + name)[.posixPermissions] as? Int
            #expect(mode == 0o600, "\(name)")
        }
    }
}
