/// The trace of the job whose handler runs in this task: what it enqueues belongs to the same.
enum JobTrace {
    @TaskLocal static var current: String?
}
