//! Messages of a consumer's partitions, taken from the library many at a time.
//!
//! The wrapper asks for events one by one, and a message is an event like any
//! other: a lock, four looks at the clock and an allocation for each. Half of
//! that is saved by a queue that holds nothing but messages, since of it whole
//! batches can be asked for. (Of the consumer's own queue they could be, too,
//! but whoever does so never hears of a changed assignment.) So partitions are
//! forwarded to such a queue before they are assigned; everything else still
//! comes with the consumer's polls.

use std::collections::VecDeque;
use std::ffi::{CStr, CString, c_void};
use std::marker::PhantomData;
use std::ptr::{self, NonNull};
use std::time::Duration;

use rdkafka::bindings::{
    rd_kafka_consume_batch_queue, rd_kafka_header_get_all, rd_kafka_message_destroy,
    rd_kafka_message_headers, rd_kafka_message_t, rd_kafka_message_timestamp,
    rd_kafka_queue_destroy, rd_kafka_queue_forward, rd_kafka_queue_get_partition,
    rd_kafka_queue_new, rd_kafka_queue_t, rd_kafka_queue_yield, rd_kafka_resp_err_t,
    rd_kafka_timestamp_type_t, rd_kafka_topic_name,
};
use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext};
use rdkafka::error::RDKafkaErrorCode;

/// Messages that are taken from the library at once.
const BATCH: usize = 64;

/// A consumer whose messages come here, while its polls give everything else.
pub struct Inbox<C: ConsumerContext> {
    // In the order in which they must end.
    /// Taken from the library and not yet given.
    waiting: VecDeque<Taken>,
    /// Those of the partitions that are forwarded.
    partitions: Vec<Queue>,
    queue: Queue,
    consumer: BaseConsumer<C>,
}

/// A reference to a queue of the library.
struct Queue(NonNull<rd_kafka_queue_t>);

/// A message that is to be given back to the library.
struct Taken(NonNull<rd_kafka_message_t>);

/// A message, or an error in its place, in the library's memory.
pub struct Message<'a> {
    taken: Taken,
    /// The library wants its messages back before its client ends.
    inbox: PhantomData<&'a ()>,
}

/// Wakes whoever waits for messages.
struct Waker(NonNull<rd_kafka_queue_t>);

// SAFETY: the library lets any thread call `rd_kafka_queue_yield`, which is all
// that a waker does with its queue.
unsafe impl Send for Waker {}
// SAFETY: as above.
unsafe impl Sync for Waker {}

// SAFETY: queues and messages of the library are bound to no thread; whatever is
// done with them here needs the inbox, or a message of it, alone.
unsafe impl Send for Queue {}
// SAFETY: as above.
unsafe impl Send for Taken {}

impl Waker {
    fn wake(&self) {
        // SAFETY: the inbox takes the waker from its consumer before it gives
        // up the queue.
        unsafe { rd_kafka_queue_yield(self.0.as_ptr()) }
    }
}

impl<C: ConsumerContext> Inbox<C> {
    /// Takes the messages of a consumer that nothing is assigned to yet; `None`
    /// when the library has no queue for them. Whatever else comes for the
    /// consumer wakes whoever waits for messages.
    pub fn new(mut consumer: BaseConsumer<C>) -> Option<Self> {
        // SAFETY: the client is there as long as its consumer.
        let queue = Queue::of(unsafe { rd_kafka_queue_new(consumer.client().native_ptr()) })?;
        let waker = Waker(queue.0);
        consumer.set_nonempty_callback(move || waker.wake());
        Some(Self {
            waiting: VecDeque::new(),
            partitions: Vec::new(),
            queue,
            consumer,
        })
    }

    /// The consumer, to be polled for everything but messages.
    pub fn consumer(&self) -> &BaseConsumer<C> {
        &self.consumer
    }

    /// Has the messages of these partitions come here, and those of no others.
    /// To be called before they are assigned; what had not been given is lost.
    /// `false`: the client has no such topic.
    #[must_use]
    pub fn expect<'a>(&mut self, partitions: impl Iterator<Item = (&'a str, i32)>) -> bool {
        self.forget();
        for (topic, partition) in partitions {
            let queue = CString::new(topic).ok().and_then(|topic| {
                let client = self.consumer.client().native_ptr();
                // SAFETY: the client is there as long as its consumer, and the
                // name is copied.
                Queue::of(unsafe {
                    rd_kafka_queue_get_partition(client, topic.as_ptr(), partition)
                })
            });
            let Some(queue) = queue else {
                return false;
            };
            queue.forward(Some(&self.queue));
            self.partitions.push(queue);
        }
        true
    }

    /// Takes no more messages of any partition; what had not been given is lost.
    pub fn forget(&mut self) {
        self.waiting.clear();
        for partition in self.partitions.drain(..) {
            partition.forward(None);
        }
    }

    /// The next message, waiting for it; nothing when none came in time, or when
    /// something else did, which a poll of the consumer gives.
    pub fn next(&mut self, wait: Duration) -> Option<Message<'_>> {
        if self.waiting.is_empty() {
            self.fill(wait);
        }
        let taken = self.waiting.pop_front()?;
        Some(Message {
            taken,
            inbox: PhantomData,
        })
    }

    fn fill(&mut self, wait: Duration) {
        // When the library ends an assignment it also ends the forwarding, and
        // may do so after the next one has begun: what came in between is
        // waiting with the partition, and comes here in its order.
        for partition in &self.partitions {
            partition.forward(Some(&self.queue));
        }
        let mut messages = [ptr::null_mut(); BATCH];
        // Who is given time waits until as many have come as it asks for.
        let asked = if wait.is_zero() { BATCH } else { 1 };
        let wait_ms = i32::try_from(wait.as_micros().div_ceil(1000)).unwrap_or(i32::MAX);
        // SAFETY: there is room for as many messages as are asked for.
        let count = unsafe {
            rd_kafka_consume_batch_queue(
                self.queue.0.as_ptr(),
                wait_ms,
                messages.as_mut_ptr(),
                asked,
            )
        };
        let messages = messages.iter().take(usize::try_from(count).unwrap_or(0));
        let messages = messages.filter_map(|message| NonNull::new(*message));
        self.waiting.extend(messages.map(Taken));
    }
}

impl<C: ConsumerContext> Drop for Inbox<C> {
    fn drop(&mut self) {
        self.consumer.set_nonempty_callback(|| ());
        self.forget();
    }
}

impl Queue {
    fn of(queue: *mut rd_kafka_queue_t) -> Option<Self> {
        NonNull::new(queue).map(Self)
    }

    fn forward(&self, to: Option<&Self>) {
        let to = to.map_or(ptr::null_mut(), |to| to.0.as_ptr());
        // SAFETY: both queues are there, and the library counts references to
        // the one that it forwards to.
        unsafe { rd_kafka_queue_forward(self.0.as_ptr(), to) }
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        // SAFETY: it is used no more.
        unsafe { rd_kafka_queue_destroy(self.0.as_ptr()) }
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        // SAFETY: it came from the library and is given back once.
        unsafe { rd_kafka_message_destroy(self.0.as_ptr()) }
    }
}

impl Message<'_> {
    fn raw(&self) -> &rd_kafka_message_t {
        // SAFETY: the library changes no message that it has handed out.
        unsafe { self.taken.0.as_ref() }
    }

    /// What is wrong with the partition, when this is no message.
    pub fn error(&self) -> Option<RDKafkaErrorCode> {
        let code = self.raw().err;
        (code != rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR).then(|| code.into())
    }

    /// The topic's name; empty of an error that concerns none.
    pub fn topic(&self) -> &[u8] {
        if self.raw().rkt.is_null() {
            return &[];
        }
        // SAFETY: the message keeps its topic, and the topic its name.
        unsafe { CStr::from_ptr(rd_kafka_topic_name(self.raw().rkt)) }.to_bytes()
    }

    /// The partition's number.
    pub fn partition(&self) -> i32 {
        self.raw().partition
    }

    /// Its offset there.
    pub fn offset(&self) -> i64 {
        self.raw().offset
    }

    /// When it was written, epoch milliseconds; `None` when it does not say.
    pub fn timestamp_ms(&self) -> Option<i64> {
        let mut kind = rd_kafka_timestamp_type_t::RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
        // SAFETY: there is room for the kind.
        let timestamp = unsafe { rd_kafka_message_timestamp(self.raw(), &raw mut kind) };
        let is_there = kind != rd_kafka_timestamp_type_t::RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
        (is_there && timestamp != -1).then_some(timestamp)
    }

    /// Its key, when it has one.
    pub fn key(&self) -> Option<&[u8]> {
        let message = self.raw();
        // SAFETY: the library says so.
        unsafe { bytes(message.key, message.key_len) }
    }

    /// Its value, when it has one.
    pub fn value(&self) -> Option<&[u8]> {
        let message = self.raw();
        // SAFETY: the library says so.
        unsafe { bytes(message.payload, message.len) }
    }

    /// Its headers in order, names and values.
    pub fn headers(&self) -> impl Iterator<Item = (&[u8], Option<&[u8]>)> {
        let mut headers = ptr::null_mut();
        // SAFETY: a message that has no headers leaves the pointer as it is.
        unsafe { rd_kafka_message_headers(self.raw(), &raw mut headers) };
        let headers = NonNull::new(headers);
        (0..).map_while(move |index| {
            let (mut name, mut value, mut size) = (ptr::null(), ptr::null::<c_void>(), 0);
            // SAFETY: the message keeps its headers; beyond the last there is
            // an error, and nothing is written.
            let code = unsafe {
                rd_kafka_header_get_all(
                    headers?.as_ptr(),
                    index,
                    &raw mut name,
                    &raw mut value,
                    &raw mut size,
                )
            };
            if code != rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR {
                return None;
            }
            // SAFETY: names end with a zero, values have the size that is said.
            Some(unsafe { (CStr::from_ptr(name).to_bytes(), bytes(value, size)) })
        })
    }
}

/// What stands at a place of the library's memory, if anything does.
///
/// # Safety
///
/// `size` bytes must stand there, for as long as the result is used.
unsafe fn bytes<'a>(at: *const c_void, size: usize) -> Option<&'a [u8]> {
    // SAFETY: as above.
    (!at.is_null()).then(|| unsafe { std::slice::from_raw_parts(at.cast(), size) })
}

#[cfg(test)]
mod tests;
