import Foundation
import TestSupport
import Testing

@testable import Configuration

@Suite("When files are read again")
struct FileWatchTests {
    private func states(_ certificate: Int, _ key: Int) -> FileStates {
        ["certificate": Self.state(certificate), "key": Self.state(key)]
    }

    private static func state(_ version: Int) -> FileState {
        let moment = FileVersion.Moment(timespec(tv_sec: version, tv_nsec: 0))
        return .present(FileVersion(device: 1, inode: 2, size: 3, modified: moment, changed: moment))
    }

    @Test("W1: a new state is read when two looks have seen it")
    func settled() {
        var watch = FileWatch(states(1, 1))
        #expect(watch.looked(states(1, 1)) == .nothing)
        #expect(watch.looked(states(2, 1)) == .lookAgain)
        #expect(watch.looked(states(2, 2)) == .lookAgain)
        #expect(watch.looked(states(2, 2)) == .read)
        watch.applied(states(2, 2))
        #expect(watch.looked(states(2, 2)) == .nothing)
        #expect(watch.looked(["certificate": .absent, "key": Self.state(2)]) == .lookAgain)
        #expect(watch.looked(states(2, 2)) == .nothing)
    }

    @Test("W1: files that never come to rest are read all the same")
    func restless() {
        var watch = FileWatch(states(0, 0))
        let actions = (1...FileWatch.unsettledLooksMax).map { watch.looked(states($0, 0)) }
        #expect(actions.dropLast().allSatisfy { $0 == .lookAgain })
        #expect(actions.last == .read)
    }

    @Test("W2: what was refused is read again when it changes, and now and then")
    func refused() {
        var watch = FileWatch(states(1, 1))
        _ = watch.looked(states(2, 1))
        #expect(watch.looked(states(2, 1)) == .read)
        #expect(watch.refused(states(2, 1), ["not the key"]) == true)
        let actions = (1...FileWatch.retryLooks).map { _ in watch.looked(states(2, 1)) }
        #expect(actions.dropLast().allSatisfy { $0 == .nothing })
        #expect(actions.last == .read)
        #expect(watch.looked(states(2, 2)) == .lookAgain)
        #expect(watch.looked(states(2, 2)) == .read)
    }

    @Test("W3: a fault is told once, another one again, and the same after all was well")
    func told() {
        var watch = FileWatch(states(1, 1))
        #expect(watch.refused(states(2, 1), ["a"]) == true)
        #expect(watch.refused(states(3, 1), ["a"]) == false)
        #expect(watch.refused(states(3, 1), ["a", "b"]) == true)
        #expect(watch.looked(states(1, 1)) == .nothing)
        #expect(watch.refused(states(2, 1), ["a", "b"]) == true)
    }

    @Test("a state shows another file behind a link, a new content and a new mode, and what cannot be found out")
    func ofFiles() throws {
        let folder = try TemporaryFolder()
        let first = try folder.write("one", to: "first")
        let second = try folder.write("one", to: "second")
        let link = folder.file("link")
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: first)
        let before = FileState(of: link)
        #expect(before == FileState(of: first) && before != FileState(of: second))
        try FileManager.default.removeItem(atPath: link)
        #expect(FileState(of: link) == .absent)
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: second)
        #expect(FileState(of: link) == FileState(of: second))
        let mode = FileState(of: second)
        chmod(second, 0o400)
        #expect(FileState(of: second) != mode)
        #expect(FileState(of: first + "/below") == .absent)
    }
}
