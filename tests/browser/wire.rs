//! The way between browser and gateway: it can be cut, and it counts what it carries.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinHandle;

/// A proxy on a port of its own.
pub struct Wire {
    to: SocketAddr,
    here: SocketAddr,
    /// Octets from the gateway, headers and all.
    carried: Arc<AtomicU64>,
    tasks: Arc<Mutex<Vec<JoinHandle<()>>>>,
}

impl Wire {
    /// A way to the gateway at this address.
    pub async fn to(address: &str) -> Wire {
        let to = address.trim_start_matches("http://").parse().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let here = listener.local_addr().unwrap();
        let wire = Wire { to, here, carried: Arc::default(), tasks: Arc::default() };
        wire.carry(listener);
        wire
    }

    pub fn address(&self) -> String {
        format!("http://{}", self.here)
    }

    /// Octets that came from the gateway until now.
    pub fn carried(&self) -> u64 {
        self.carried.load(Ordering::Relaxed)
    }

    fn carry(&self, listener: TcpListener) {
        let (to, tasks, carried) = (self.to, self.tasks.clone(), self.carried.clone());
        let accepting = tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let counted = carried.clone();
                let connection = tokio::spawn(async move {
                    let Ok(far) = TcpStream::connect(to).await else { return };
                    let ((near, nearer), (far, farther)) = (near.into_split(), far.into_split());
                    tokio::join!(copy(near, farther, None), copy(far, nearer, Some(&counted)));
                });
                tasks.lock().unwrap().push(connection);
            }
        });
        self.tasks.lock().unwrap().push(accepting);
    }

    /// Every connection breaks and no new one is let in.
    pub fn cut(&self) {
        self.tasks.lock().unwrap().drain(..).for_each(|task| task.abort());
    }

    pub async fn mend(&self) {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_reuseaddr(true).unwrap();
        socket.bind(self.here).unwrap();
        self.carry(socket.listen(64).unwrap());
    }
}

async fn copy(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, counted: Option<&AtomicU64>) {
    let mut octets = vec![0; 16 * 1024];
    while let Ok(read @ 1..) = from.read(&mut octets).await {
        if let Some(counted) = counted {
            counted.fetch_add(read as u64, Ordering::Relaxed);
        }
        if to.write_all(&octets[..read]).await.is_err() {
            return;
        }
    }
    let _ = to.shutdown().await;
}
