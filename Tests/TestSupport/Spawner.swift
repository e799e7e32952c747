import Foundation
import Glibc

/// Starts child processes from one thread that lives as long as this process.
///
/// Each child is started through `setpriv --pdeathsig KILL`, so that none outlives a test run that crashed or was
/// killed. The kernel sends that signal when the *thread* that forked ends (prctl(2), PR_SET_PDEATHSIG), hence a
/// dedicated thread: the threads of a pool come and go. A child gets no descriptor but those that it is handed: those
/// of other tests would be counted against its limit, and keep connections and pipes open.
enum Spawner {
    private static let thread = SpawnerThread()

    /// posix_spawn_file_actions_addclosefrom_np(3) of glibc 2.34, which the Glibc module lacks.
    private static let closeFrom = dlsym(nil, "posix_spawn_file_actions_addclosefrom_np").map {
        unsafeBitCast($0, to: (@convention(c) (UnsafeMutablePointer<posix_spawn_file_actions_t>, Int32) -> Int32).self)
    }

    /// A started process and the read ends of its output, which the caller owns.
    struct Child {
        var pid: pid_t = 0
        var stdout: Int32 = -1
        var stderr: Int32 = -1
    }

    /// Starts `arguments[0]`, looked up in PATH if it has no slash.
    ///
    /// - Parameter descriptors: those that the child gets behind its standard streams.
    static func spawn(
        _ arguments: [String],
        environment: [String: String],
        handing descriptors: [Int32] = []
    ) throws -> Child {
        let (error, child) = thread.perform { spawnHere(arguments, environment, descriptors) }
        guard error == 0 else { throw TestFailure("cannot start \(arguments[0]): \(String(cString: strerror(error)))") }
        return child
    }

    /// Pipes are made on the spawning thread too, so that no fork falls between pipe(2) and the close-on-exec flag.
    private static func makePipe() -> (read: Int32, write: Int32)? {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return nil }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }

    private static func spawnHere(
        _ arguments: [String],
        _ environment: [String: String],
        _ descriptors: [Int32]
    ) -> (Int32, Child) {
        guard let output = makePipe(), let errors = makePipe() else { return (errno, Child()) }
        defer {
            close(output.write)
            close(errors.write)
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output.write, 1)
        posix_spawn_file_actions_adddup2(&actions, errors.write, 2)
        // Copies above all that are handed over: none is overwritten before its turn.
        let copies = descriptors.map { fcntl($0, F_DUPFD_CLOEXEC, 3 + Int32(descriptors.count)) }
        defer { for copy in copies { close(copy) } }
        for (index, copy) in copies.enumerated() {
            posix_spawn_file_actions_adddup2(&actions, copy, 3 + Int32(index))
        }
        // Not all that is open here is closed by an exec, e.g. what SwiftPM or a shell opened.
        guard let closeFrom, closeFrom(&actions, 3 + Int32(copies.count)) == 0 else { return (ENOSYS, Child()) }

        // A test runner may ignore or block signals that the child itself must react to.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        var argv = (["setpriv", "--pdeathsig", "KILL", "--"] + arguments).map { strdup($0) }
        var envp = environment.map { strdup("\($0.key)=\($0.value)") }
        argv.append(nil)
        envp.append(nil)
        defer {
            for text in argv + envp { free(text) }
        }
        var child = Child(stdout: output.read, stderr: errors.read)
        let error = posix_spawnp(&child.pid, "setpriv", &actions, &attributes, argv, envp)
        return (error, child)
    }
}
