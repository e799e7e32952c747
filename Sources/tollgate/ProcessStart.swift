import Glibc

/// Process-wide setup that precedes everything else.
enum ProcessStart {
    /// The signals that a running gateway handles; `Service` installs the handlers.
    private static let answered = [SIGHUP, SIGTERM, SIGINT]

    /// For programs whose exit status is their result: output must not end them. A closed reader and a file size limit
    /// then become errors of write(2) instead of signals.
    static func ignoreOutputSignals() {
        signal(SIGPIPE, SIG_IGN)
        signal(SIGXFSZ, SIG_IGN)
    }

    /// Gives SIGABRT and SIGQUIT their default effect, which is an end at once. The handler that Swift's runtime
    /// installs for a backtrace returns, so the first of them, sent by a supervisor whose watchdog has run out, would
    /// end nothing.
    static func endOnAbort() {
        signal(SIGABRT, SIG_DFL)
        signal(SIGQUIT, SIG_DFL)
    }

    /// Opens /dev/null on any of the descriptors 0 to 2 that is closed. Otherwise a file or socket could get that
    /// number, and with it the messages meant for people.
    static func openStandardDescriptors() {
        for number in STDIN_FILENO...STDERR_FILENO where fcntl(number, F_GETFD) < 0 {
            // open(2) returns the lowest free number, which is this one: the lower ones are open by now.
            _ = open("/dev/null", O_RDWR)
        }
    }

    /// Holds the signals back until `releaseSignals`: without a handler each would end the process. Threads started in
    /// between inherit the mask.
    static func holdSignals() { mask(SIG_BLOCK) }

    static func releaseSignals() { mask(SIG_UNBLOCK) }

    private static func mask(_ how: Int32) {
        var signals = sigset_t()
        sigemptyset(&signals)
        for number in answered { sigaddset(&signals, number) }
        pthread_sigmask(how, &signals, nil)
    }
}
